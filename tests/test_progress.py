from kinesics.progress import part_of


def test_parts_of_parts_move_one_bar_on():
    shares = []
    second_half = part_of(shares.append, 0.5, 1)
    part_of(second_half, 0, 0.5)(1)
    second_half(1)
    assert shares == [0.75, 1]


def test_nobody_needs_to_be_told():
    part_of(None, 0, 1)(0.5)
