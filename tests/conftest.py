from hypothesis import settings

settings.register_profile("kinesics", deadline=None)  # no test fails for being slow on a busy machine
settings.load_profile("kinesics")
