"""English nouns as questions need them: number, article, and which words count as the same."""

from __future__ import annotations

import re

DETERMINERS = frozenset("a an the any some its his her their two three".split())
_MASS = frozenset(
    """armour asphalt bamboo bark bedding beer blood bodywork bolognese brass bread brick bronze broth
    butter canvas caviar cement chalk charcoal cheese chocolate clay cloth clothing coffee concrete
    confetti copper coral corn cotton cream custard cutlery darkness daylight denim dew dirt dough
    dust earth earthenware embroidery equipment fabric fencing fire flesh foam fog foliage food
    footwear frost frosting fruit fur furniture gauze glaze glitter gold goldfish graffiti grass
    gravel gravy hair hay headgear honey ice icing ink ivory ivy jam jewellery juice ketchup koi
    lace lacquer laundry lava lead leather lemonade lettuce light lighting linen luggage lumber
    machinery magma makeup marble masonry meat mesh metal milk mist moonlight moss mud netting oil
    paint paintwork paper parsley pasta pastry peel plastic plumage pollen porcelain porridge rain
    ramen rattan rice rigging rock rope rubber rust saffron salmon salt sand sauce scaffolding
    seaweed sheep silk silver skin slime smoke snow soap soil soup spaghetti steam steel stitching
    stone straw stubble stuffing sugar sunlight surf syrup tartan tea thatch timber tin tinsel toast
    traffic tubing turf twine upholstery vegetation velvet water wax webbing wheat wicker wine wood
    wool wrapping writing yarn yoghurt""".split()
)
_COUNTABLE_TOO = frozenset(
    """bark beer bread brick canvas cheese cloth coffee coral fabric fire fruit glaze goldfish ivy koi lace
    lacquer lead lettuce light mesh mist paper pastry peel rock rope salmon sauce sheep skin soap
    soup stone tartan tea tin wine wood""".split()
)
"""Of those, the words that an article goes with as well: "a stone", "stone"."""
_UNIQUE = frozenset("earth ground horizon moon ocean sea sky sun".split())
"""Nouns that stand with "the" where nothing else describes them: "the sea", but "a blue sky"."""
_IRREGULAR = {
    "antennae": "antenna", "cacti": "cactus", "calves": "calf", "children": "child", "dice": "die",
    "feet": "foot", "fungi": "fungus", "geese": "goose", "halves": "half", "hooves": "hoof",
    "knives": "knife", "leaves": "leaf", "loaves": "loaf", "men": "man", "mice": "mouse",
    "oxen": "ox", "people": "person", "policemen": "policeman", "scarves": "scarf",
    "sheaves": "sheaf", "shelves": "shelf", "skis": "ski", "taxis": "taxi", "teeth": "tooth",
    "thieves": "thief", "wives": "wife", "wolves": "wolf", "women": "woman",
}  # fmt: skip
_SINGULAR_IN_S = frozenset("atlas canvas gas lens pancreas rhinoceros tennis".split())
_PLURAL_ONLY = frozenset(
    "binoculars cattle clothes glasses overalls pants pyjamas scissors shorts trousers".split()
)
_ES = re.compile(
    r"(?:ss|sh|(?<!ta)ch|(?<!a)x|zz)es$|(?:tomato|potato|mango|volcano|hero|echo|tornado|domino|cargo|bus|lens)es$"
)
_AN = re.compile(r"[aeiou]|hours?(?!\w)|hourglass|honest|honou?r|heir")
_NOT_AN = re.compile(
    r"uni(?:c|f|on|q|t|v)|u[fst]o|us(?:e|u)|ut(?:e|il)|uku|ur(?:anium|ine)|eu|ewe|one(?!\w)|once|u-|oui"
)
_PREPOSITION = re.compile(r"(?<=\w) (?:of|in|on|with|at|under|over|around|inside|behind|between|from|for) .*")


def words(phrase: str) -> list[str]:
    """Return the words of a phrase in lower case; hyphens part them, a possessive loses its "'s"."""
    return re.findall(r"[^\W_]+", re.sub(r"['’]s?\b", "", phrase.lower()))


def head(phrase: str) -> str:
    """Return the word that says what a noun phrase is, in lower case: "strings" of "strings of a harp"."""
    return (words(_PREPOSITION.sub("", phrase)) or words(phrase) or [""])[-1]


def is_plural(phrase: str) -> bool:
    """Tell whether a noun phrase is plural, by its head: irregular ones, and most that end in one "s"."""
    word = head(phrase)
    if word in _IRREGULAR or word in _PLURAL_ONLY:
        return True
    return word.endswith("s") and not word.endswith(("ss", "us", "is")) and word not in _SINGULAR_IN_S


def is_mass(phrase: str) -> bool:
    """Tell whether a noun phrase is one that stands without an article, by its head: "red paint"."""
    return head(phrase) in _MASS and article(phrase) != "the"


def is_countable(phrase: str) -> bool:
    """Tell whether an article may stand before a singular noun phrase: "stone", which is a mass noun too."""
    return not is_mass(phrase) or head(phrase) in _COUNTABLE_TOO


def article(phrase: str) -> str:
    """Return the article of a singular noun phrase: "the" for "sea", else "a" or "an" by its sound.

    The sound is that of the first word, as its spelling tells it.
    """
    first = phrase.lower()
    if first in _UNIQUE:
        return "the"
    return "an" if _AN.match(first) and not _NOT_AN.match(first) else "a"


def singular(word: str) -> str:
    """Return the form that a word and its plural share; good for comparing, not for printing."""
    word = word.lower()
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word in _PLURAL_ONLY or not is_plural(word) or len(word) < 4:
        return word
    if word.endswith("ies") and len(word) > 5:
        return word[:-3] + "y"
    return word[:-2] if _ES.search(word) else word[:-1]


def same(phrase: str) -> str:
    """Return what a phrase is counted as: its words in lower case, singular."""
    return " ".join(singular(word) for word in words(phrase))


def holds(phrase: str, part: str) -> bool:
    """Tell whether a phrase holds another as whole words, whatever their number."""
    return f" {same(part)} " in f" {same(phrase)} "
