"""Other names of iMiGUE's classes: those of earlier versions of Kinesics, the paper's long ones, and short ones."""

from __future__ import annotations

from types import MappingProxyType

# earlier versions translated the classes roughly: a third of these names said something else than the paper
_EARLIER = {
    "deep breath (puff cheeks)": "bulging face or deep breath",
    "touch hat": "touching hat",
    "touch face": "touching or scratching head",
    "touch forehead": "touching or scratching forehead",
    "cover face": "covering face",
    "rub eyes": "rubbing eyes",
    "touch other face part": "touching or scratching facial parts",
    "touch ears": "touching ears",
    "bite nails": "biting nails",
    "touch chin": "touching jaw",
    "touch neck": "touching or scratching neck",
    "play with hair": "playing or adjusting hair",
    "adjust tie": "adjusting collar or tie",
    "touch chest": "touching or covering suprasternal notch",
    "scratch back": "scratching back",
    "fold arms": "folding arms",
    "tidy sleeve": "dusting off clothes",
    "put arms back": "putting arms behind body",
    "move torso": "moving torso",
    "sit straight": "sitting straightly",
    "scratch arm": "scratching or touching arms",
    "rub hands": "rubbing or holding hands",
    "cross fingers": "crossing fingers",
    "minaret (steeple) hands": "minaret gesture",
    "play with things": "playing or manipulating objects",
    "withdraw arms": "hold back arms",
    "bite lip": "pressing lips",
    "shake shoulders": "shaking shoulders",
}
_IN_THE_PAPER = {
    "bulging face, deep breath": "bulging face or deep breath",
    "buckle button, pulling shirt collar, adjusting tie": "adjusting collar or tie",
}
_SHORT = {
    "deep breath": "bulging face or deep breath",
    "touch head": "touching or scratching head",
    "scratch head": "touching or scratching head",
    "scratch forehead": "touching or scratching forehead",
    "touch facial parts": "touching or scratching facial parts",
    "touch jaw": "touching jaw",
    "scratch neck": "touching or scratching neck",
    "touch notch": "touching or covering suprasternal notch",
    "dust clothes": "dusting off clothes",
    "arms behind body": "putting arms behind body",
    "touch arms": "scratching or touching arms",
    "hold hands": "rubbing or holding hands",
    "steeple": "minaret gesture",
    "hold arms back": "hold back arms",
    "press lips": "pressing lips",
    "akimbo": "arms akimbo",
    "shrug": "shaking shoulders",
}
OTHER_NAMES = MappingProxyType(_EARLIER | _IN_THE_PAPER | _SHORT)


def current_name(name: str) -> str:
    """The name that a class of iMiGUE has now, by the one that it had before; any other name is left as it is."""
    return OTHER_NAMES.get(" ".join(name.lower().split()), name)
