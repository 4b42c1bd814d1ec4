"""Words for streets and what belongs to them, in the languages of many countries."""

from typing import Final

from .tables import phrases, words

ENDINGS: Final = tuple(
    words(
        """
    strasse straße strassen straßen str str. gasse gässli gassli weg allee ufer damm promenade chaussee steig graben
    straat laan plein kade gracht dijk singel steeg gatan vägen gränd stigen gata gaten veien vegen vej gade stræde
    strædet alle allé vænget torv toften parken katu tie kuja polku gata götu stræti straeti braut vegur utca tänav
    suaq
    """
    )
)
"""A longer word with one of these and a number is a street."""

NO_STREETS: Final = words(
    """
    arbeitsplatz parkplatz stellplatz rechtsweg beweg bundesstraße hinweg umweg beitrag autobahn halle falle stelle
    anstalle quelle zelle welle alle modalle protestalle
    """
)

BEFORE_NUMBER: Final = words(
    """
    gate gata gade vej vägen utca út u útja tér tere körút kapu köz sor rakpart tee tänav pst mnt põik puiestee
    ulica ul cesta pot trg náměstí nám nábřeží třída street st road rd avenue ave lane ln drive dr boulevard blvd
    str sokak caddesi cad strada box postfach postbus postbox boks cp bp b.p. apartado casella casilla улица ул
    проспект
    """
)
"""The word before the number."""

OPENING: Final = words(
    """
    rue avenue av boulevard bd blvd chemin ch route rte impasse allée allées quai cours passage ruelle faubourg
    sentier via viale corso piazza piazzale piazzetta vicolo largo contrada borgo lungomare calle c/ avda avenida
    avd paseo plaza carretera camino ronda travesía rua travessa praça praca estrada alameda ul ulica al aleja aleje
    pl plac os osiedle jalan jl đường leoforos odos strada str bulevardul calea ulitsa
    """
)
"""The word that opens the name of a street; the number stands behind it or before."""

CLOSING: Final = (
    "street|st|str|road|rd|avenue|ave|av|lane|ln|drive|dr|boulevard|blvd|way|court|ct|place|pl|square|sq|terrace|ter|close|crescent|cres|"
    "parade|pde|grove|gardens|gdns|highway|hwy|parkway|pkwy|circle|cir|trail|row|walk|mews|rise|view|hill|esplanade|plaza|loop|quay"
)
"""The word that closes the name of a street with its number before it."""

UNITS: Final = (
    "apt|apartment|suite|ste|unit|flat|room|floor|building|bldg|block|level|lot|app|appt|appartement|bât|bâtiment|bat|étage|"
    "escalier|whg|wohnung|top|stiege|haus|etage|og|eg|piso|puerta|local|scala|interno|lok|lokal|lejl|lgh|huis|bus|box|p\\.? ?o\\.? box|postfach"
)
"""A part of a house, with its number behind it."""

CUES: Final = tuple(
    phrases(
        "address as|address is|address to|address with|address:|addresses to the same:|adresse|adresse :|"
        "adresse est|adresse ist|adresse:|anschrift|anschrift:|corner of|deliver to|delivered to|demeurant|"
        "demeurant au|domicile:|domicilié|domiciliée|enter on|habite|habite au|habite à|home at|house at|"
        "is at|liefern an|live at|live on|lived at|lives at|lives on|lives on the north side of|living at|"
        "livrer au|located at|moved to|residence at|resides at|residing at|send it to|send to|sent to|"
        "ship it to|ship to|shipped to|side of|sis|situated at|stay at|staying at|the same:|user:|wohne in|"
        "wohnhaft|wohnhaft in|wohnhaft in der|wohnt|wohnt in|wohnt in der"
    )
)
"""What stands before an address and says so."""
