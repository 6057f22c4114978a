"""Words the made-up orders are written with."""

from __future__ import annotations

FIRST_NAMES = (
    "Ann", "José", "Zoë", "Jürgen", "Łukasz", "Søren", "Renée", "美咲", "小明", "Мария", "Nguyễn", "O'Brian", "Åsa",
    "Ana María", "Li", "🎈 Pat", "Mehmet Çağrı", "فاطمة", "J", "Jean-François",
)  # fmt: skip
LAST_NAMES = (
    "Smith", "Müller", "García", "Lefèvre", "山田", "Ødegård", "Żółć", "D'Angelo", "van der Berg", "Öztürk", "Jones",
    "Иванова", "de la Cruz", "王",
)  # fmt: skip
PLAIN_NAMES = ("Ann", "Jane", "John", "Mary", "Paul", "Ruth")
COMPANIES = ("", "", "", "Shopper & Söhne GmbH", "Shopper Ltd.", "株式会社ショッパー")
# Street with the shopper's number, city, state, zip, country, ISO code.
PLACES = (
    ("{} Shopper Street", "Austin", "Texas", "78751", "United States", "US"),
    ("{} Shopper Avenue, Apt. 4", "San José", "California", "95112", "United States", "US"),
    ("Shopper-Straße {}", "München", "Bayern", "80331", "Germany", "DE"),
    ("{}, rue du Shopper", "Orléans", "Centre-Val de Loire", "45000", "France", "FR"),
    ("ショッパー {}丁目", "渋谷区", "東京都", "150-0002", "Japan", "JP"),
    ("{} Shopper Lane", "Toronto", "Ontario", "M5V 2T6", "Canada", "CA"),
)
MESSAGES = (
    "please leave it with the neighbour.", "bitte klingeln – Türe links.", "livrer après 18 h, s'il vous plaît 🙏",
    "置き配をお願いします。", "no plastic, please!\nAnd thank you.", '"Happy birthday" on the card',
)  # fmt: skip
NOTES = ("called about the delivery.", "wants the invoice by e-mail.", "VIP ⭐, ship first.", "prüfen: Adresse")
PAYMENT_METHODS = ("Credit Card", "PayPal", "Manual", "Cash", "Test Payment Gateway", "Store Credit", "Überweisung")
SOURCES = ("www", "www", "www", "mobile", "iphone", "android", "manual", "external", "checkout_api")
SHIPPING_METHODS = ("Free Shipping", "Flat Rate", "UPS® Ground", "DHL Paket – Inland", "宅配便")
CUSTOM_NAMES = ("Engraving, “forever yours”", "Sonderanfertigung", "Repair", "特注品", "Gift 🎁 card holder")
"""Names of lines whose product is not in the catalog."""
