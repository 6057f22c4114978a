"""Words the made-up catalog is written with."""

from __future__ import annotations

ADJECTIVES = (
    "Classic", "Slim", "Rugged", "Vintage", "Essential", "Everyday", "Premium", "Lightweight", "Heavy-Duty", "Compact",
    "Café", "Größe", "Señorial", "Élégant", "Østersø", "Çelik", "Łódź", "Señor’s", "日本製", "手工", "프리미엄",
    "🎉 Party", "♻️ Recycled", "“Signature”", "Men's", "½-Zip", "قطني", "יפה",
)  # fmt: skip
MATERIALS = (
    "Cotton", "Leather", "Steel", "Bamboo", "Wool", "Canvas", "Ceramic", "Oak", "Linen", "Denim", "Silk", "Cork",
    "Acier", "Überzug", "コットン",
)  # fmt: skip
NOUNS = (
    ("Jacket", "JKT"), ("T-Shirt", "TSH"), ("Backpack", "BPK"), ("Mug", "MUG"), ("Lamp", "LMP"), ("Chair", "CHR"),
    ("Notebook", "NTB"), ("Belt", "BLT"), ("Wallet", "WLT"), ("Boots", "BTS"), ("Scarf", "SCF"), ("Knife", "KNF"),
    ("Bottle", "BTL"), ("Blanket", "BLK"), ("Watch", "WCH"), ("Sneakers", "SNK"), ("Jupe", "JUP"), ("Mütze", "MTZ"),
)  # fmt: skip
COLOURS = (
    ("Black", "BLK"), ("Red", "RED"), ("Blue", "BLU"), ("Green", "GRN"), ("Crème", "CRM"), ("Navy", "NVY"),
    ("Olive", "OLV"), ("Grey", "GRY"), ("Pink", "PNK"), ("White", "WHT"), ("Sand", "SND"), ("Bordô", "BRD"),
)  # fmt: skip
SIZES = (("S", "S"), ("M", "M"), ("L", "L"), ("XL", "XL"))
BRAND_STARTS = ("Nord", "Alt", "Vela", "Kin", "Ora", "Terra", "Lumi", "Brü", "Éclat", "Sól", "Mont", "Haru")
BRAND_ENDS = ("wind", "mark", "stone", "line", "craft", "haus", "ella", "works", "山", "field", "& Sons", "co")
SHELVES = ("Clothing", "Home & Garden", "Outdoor", "Kitchen", "Accessories", "Stationery", "Sale %", "Neuheiten")
SECTIONS = ("Women", "Men", "Kids", "Für Zuhause")
CORNERS = ("Basics", "Gifts", "Limited Édition")
FIELD_NAMES = ("Material", "Country of Origin", "Care", "Season", "Fit", "Warranty (months)", "Größentabelle", "素材")
FIELD_VALUES = (
    "100% organic cotton", "Portugal", "Machine wash cold, 30°", "AW", "Regular", "24", "siehe Tabelle", "綿 100%",
    "Hand wash only", "Made in Italy", "SS", "Slim", "36", "12", "🚫 bleach", "A & B <mixed>",
)  # fmt: skip
SENTENCES = (
    "Made to last and to be repaired, by people who use it themselves.",
    "A piece you reach for every morning, without thinking about it.",
    "The lining is sewn, not glued, and every seam is <strong>double stitched</strong>.",
    "Ships in a plain box &mdash; no plastic, no filler.",
    "Fällt größengerecht aus; im Zweifel eine Nummer größer wählen.",
    "Un grand classique, revu pour la vie de tous les jours&nbsp;!",
    "洗濯機で洗えます。",
    "قماش ناعم وخفيف يدوم طويلاً.",
    "Weighs next to nothing, packs down to the size of an apple 🍏.",
    'See the <a href="/size-guide/">size guide</a> before you order.',
    "Tested for 10,000 cycles; the warranty says the rest.",
    "<em>Please note:</em> colours vary slightly from screen to screen.",
)
