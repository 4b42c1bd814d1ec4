"""German: the words by which a claim tells of a person hit, hurt, burnt or killed, or of a fire, and those that undo them."""

from functools import cache

from .words import Cue, Harm, Veil, Words, any_of, compiler, word_set

_MACROS = {
    "person": r"(?:\w*(?:person|leute|menschen|mensch|mann|männer|männern|frau|frauen|dame|damen|herr|herrn|junge|jungen|bub|buben|mädchen|kind|kinder|kindes|kindern|baby|säugling|"
    r"kleinkind|schüler|schülerin|jugendliche|jugendlicher|jugendlichen|rentner|rentnerin|senior|seniorin|gattin|gatte|ehemann|ehefrau|partner|partnerin|freund|freundin|mutter|vater|mama|papa|mami|papi|"
    r"sohn|sohnes|tochter|töchter|söhne|bruder|schwester|oma|opa|grossmutter|grossvater|enkel|enkelin|tante|onkel|cousin|cousine|neffe|nichte|familie|nachbar|nachbarn|nachbarin|"
    r"kollege|kollegen|kollegin|beifahrer|beifahrerin|mitfahrer|mitfahrerin|passagier|passagiere|fahrgast|fahrgäste|(?:auto|rad|motorrad|roller|velo|moped|töff|lkw|lenk)?fahrer|fahrern|fahrerin|lenker|lenkerin|insasse|insassen|insassin|"
    r"fussgänger|fussgängerin|fussgängers|fussgängern|passant|passanten|passantin|radler|radlerin|velofahrer|biker|jogger|joggerin|läufer|spaziergänger|arbeiter|bauarbeiter|polizist|polizisten|polizistin|"
    r"mechaniker|kurier|briefträger|pöstler|postbote|kunde|kundin|opfer|unfallgegner|unfallgegnerin|beteiligte|beteiligten|jemand|jemanden|alle|beide|zwei|drei|vier|fünf|sechs|mehrere|einige|bewohner))(?:s|n|innen)?",
    "er": r"(?:ich|wir|er|sie|man|die|der|mich|mir|ihn|ihm|ihr|uns|sich|ihnen|dich|dir|es)",
    "mein": r"(?:mein|meine|meinen|meinem|meiner|meines|sein|seine|seinen|seinem|seiner|ihr|ihre|ihren|ihrem|ihrer|unser|unsere|unseren|unserem|der|die|das|den|dem|des|ein|eine|einen|einem|einer|am|im|beim|ins|zwei|drei|vier|"
    r"fünf|mehrere|beide|beiden|linke|linken|linker|linkes|rechte|rechten|rechter|rechtes|mir|ihm|ihr|sich|uns|an|in|auf|gegen|vom|zum|zur)",
    "body": r"(?:(?:kopf|hinterkopf|schädel|gesicht|stirn|schläfe|auge|augen|augenbraue|nase|nasenbein|wange|kiefer|kinn|mund|lippe|zahn|zähne|hals|nacken|genick|schulter|schulterblatt|arm|oberarm|unterarm|ellbogen|ellenbogen|"
    r"handgelenk|hand|hände|finger|fingerkuppe|daumen|brust|brustkorb|brustbein|rippe|rippen|rücken|kreuz|wirbel|wirbelsäule|halswirbelsäule|lendenwirbel|halswirbel|becken|hüfte|steissbein|bein|beine|oberschenkel|unterschenkel|"
    r"oberschenkelhals|knie|kniescheibe|schienbein|wadenbein|wade|knöchel|sprunggelenk|fuss|füsse|fussgelenk|zeh|zehe|zehen|ferse|schlüsselbein|knochen|haut|bauch|leber|milz|niere|lunge|sehne|band|muskel|nerv|zunge|ohr|"
    r"trommelfell|leiste|elle|speiche|meniskus|kreuzband|achillessehne|hws|bws|lws|bandscheibe|körper|kopfhaut|mittelhand|mittelfuss|joch(?:bein)?)(?:s|es|e|n|en|er|ern)?)",
    "animal": r"(?:\w*(?:reh|rehbock|hirsch|wildschwein|wild|tier|hund|hündin|welpe|katze|kater|fuchs|dachs|hase|hasen|kaninchen|igel|vogel|fasan|kuh|kühe|pferd|schaf|ziege|schwein|eichhörnchen|marder|taube|huhn)(?:s|e|es|er|en|n)?)",
    "thing": r"(?:(?:\w*(?:auto|wagen|fahrzeug|pkw|lkw|laster|bus|traktor|anhänger|motor|motorrad|batterie|akku|lichtmaschine|getriebe|kupplung|bildschirm|display|radio|navi|handy|scheinwerfer|licht|lichter|lampe|lämpchen|birne|leuchte|bremse|"
    r"airbag|stossstange|stossfänger|tür|türe|fenster|scheibe|spiegel|reifen|rad|räder|felge|dach|haube|kofferraum|kotflügel|zaun|mauer|wand|pfosten|mast|baum|randstein|bordstein|schlagloch|pumpe|kompressor|sicherung|anlasser|"
    r"sensor|steuergerät|armaturenbrett|federung|achse|pedal|garage|turbo|heizung|klimaanlage|velo|fahrrad|töff|roller|wohnmobil|schild|leitplanke|ampel|kreuzung|stoppschild|stoppstrasse|linie|golf|audi|bmw|honda|ford|opel|"
    r"vw|mercedes|skoda|renault|toyota|tesla|seat|volvo|lack|karosserie|blech|hydrant|poller|brief|kasten|briefkasten|laterne))(?:s|es|e|n|en|er|ern)?)",
    "wurde": r"(?:wurde|wurden|wird|worden|werden|ward|war|waren|ist|sind|bin|gewesen|wurdest|sei|seien|wäre|blieb|blieben|hat|haben|habe|hatte|hatten)",
    "w": r"(?:(?!(?:und|oder|aber|von|vom|durch|mit|bei|als|weil|dass|nicht|kein|keine|keinen|keiner|niemand|niemanden|fast|beinahe)\b)[\w'-]+ )",
}

_FREE = r"(?:(?!<thing>)[\w',-]+ ){0,7}?"

_BLANKS = (
    r"(?:fuhr|fahre|unterwegs|auf dem weg|weg) (?:\w+ ){0,2}?(?:zum|zur|ins|nach dem) (?:\w*spital|\w*krankenhaus|\w*klinik)(?=,| als|$)",
    r"<thing> (?:meiner|meines|seiner|seines|ihrer|ihres|unserer|unseres|des|der|von|vom) (?:\w+ )?<person>",
    r"(?:nase|schnauze|gesicht|haut|kopf|schulter|rücken|rippen|finger|arm|auge|augen|nacken) (?:des|der|vom) (?:\w+ )?<thing>",
    r"(?:droht\w*|drohung\w*) (?:\w+ |, ){0,4}?(?:umzubringen|zu töten|tod|töten)",
    # Feuer, Brand, brennen that are none
    r"feuer und flamme|feuer ?(?:wehr|wehren|wehrmann|wehrleute|löscher|zeug|werk|rot|alarm|stelle|probe|taufe|stein|fest|versicherung|melder|wehrzufahrt|wehreinfahrt)\w*|unter feuer|lauffeuer",
    r"brand ?(?:neu|gefahr|risiko|schutz|meister|melder|gefährlich|gefährdet|aktuell|versicherung|mauer|heiss|ursache unbekannt|zeichen|schutzklappe)\w*|brandenburg\w*|brandstetter",
    r"(?:bremslicht|licht|lampe|leuchte|kontrollleuchte|kontrolllampe|warnleuchte|scheinwerfer|blinker|birne|warnlampe|lämpchen|motorkontrollleuchte|rücklicht|öllampe|standlicht|beleuchtung|lichter|leuchten|airbagleuchte|abs-leuchte)\w*"
    r" (?:\w+ ){0,4}?(?:brenn|brann|gebrannt|durchgebrannt|durchbrannte|ausgebrannt)\w*",
    r"(?:brennt|brannte|brennen|brannten) (?:\w+ ){0,3}?(?:bremslicht|licht(?!erloh)|lampe|leuchte|kontrollleuchte|kontrolllampe|warnleuchte|scheinwerfer|blinker|birne|warnlampe|lämpchen|motorkontrollleuchte|rücklicht)\w*",
    r"(?:sicherung|glühbirne|birne|kupplung|kontakt|relais|ventil|zylinderkopfdichtung|spule|steuergerät|kolben|cd)\w* (?:\w+ ){0,4}?(?:durch|ver|an|ab|aus)?gebrannt|durchgebrannt\w*|eingebrannt\w*|gebrannt\w* (?:cd|kind|mandeln)",
    r"brenn(?:punkt|stoff|holz|weite|raum)\w*|verbrenn(?:er|ungsmotor|ungsluft|ungsprozess)\w*|verbrennung (?:des|von|im) (?:kraftstoff|benzin|motor|zylinder|diesel|öl)\w*|verbrennt (?:\w+ )?(?:öl|benzin|diesel|kraftstoff)|öl verbr\w+",
    r"(?:roch|riecht|gerochen|geruch|gestank|stank|riechen|riechend|stinkt|stanken|nach) (?:\w+ ){0,3}?(?:verbrannt|angebrannt|verschmort|brand|feuer|rauch|verkohlt|versengt)\w*|verbrannte\w* (?:geruch|gummi|geruch)|brandgeruch\w*|brenzlig\w*|verbrannt\w* (?:riech|roch|gerochen)\w*",
    # tot, sterben that are none
    r"tote[rnm]? (?:winkel|punkt|gang|last|zone|batterie|strecke|briefkasten|hose|leitung|tier|reh|hund|katze|fuchs)\w*|totwinkel\w*|total\w*|tod(?:sicher|müde|langweilig|esangst|esmutig|schick|ernst|unglücklich|feind)\w*|halbtot|mausetot|totgefahrenes (?:reh|tier)|tödlich (?:gelangweilt|beleidigt)|tot(?:stellen|geglaubt|gesagt)",
    r"(?<!vom )(?<!von )(?<!von einem )(?<!von meinem )(?<!von dem )(?<!durch den )<thing> (?:<wurde> )?<w>{0,4}?(?:tot|gestorben|verreckt|starb|stirbt|abgestorben|getötet)|(?:starb|stirbt|ist) (?:mir |mich )?(?:der motor|die batterie|das auto|der wagen)(?: \w+){0,3}? ?(?:tot|gestorben|ab)?|(?:motor|auto) abgewürgt",
    r"<animal>,? (?:\w+ ){0,6}?(?:tot|gestorben|verletzt|getötet|angefahren|überfahren|erfasst|verendet|gerammt|getroffen|umgekommen|eingeschläfert|starb|erlegt|erlöst)\w*(?:,? (?:\w+ ){0,3}?(?:tot|verletzt|verendet|gestorben))?",
    r"(?:erfasste|überfuhr|tötete|verletzte|rammte|traf|anfuhr|totes|verletztes|verletzter|verletzte) (?:\w+ ){0,2}?<animal>",
    r"geister|leiche (?:im keller)|lebensgefährte\w*|(?:ver|er)erbt\w*|geerbt|erbschaft|nachlass|krebs(?:leiden)?|verstorbene[nr]? (?:vater|mutter|mann|frau|gross\w+)",
    # verletzt that is none
    r"(?:vorfahrt|vortritt|regel|verkehrsregel|vorschrift|pflicht|sorgfaltspflicht|gesetz|vertrag|norm|recht|rechte|gefühle|stolz|datenschutz|achse|vorderachse|hinterachse|kotflügel|reifen|lack|dichtung|kabel|schlauch|rinde|baum|isolierung)\w*,? (?:\w+ ){0,4}?(?:verletz|missachte)\w*",
    r"(?:verletzung|verletzungen|verletzt|verletzte|verletzten) (?:der|des|die|das|meine|seine|ihre|von) (?:\w+ )?(?:vorfahrt|vortritt|regel|verkehrsregel|vorschrift|pflicht|sorgfaltspflicht|gesetz|vertrag|norm|recht|rechte|gefühl)\w*",
    r"\w*(?:pflicht|vorfahrts|vortritts|regel|rechts|vertrags|urheberrechts|sorgfalts|verkehrsregel)verletzung\w*|verletzungs(?:frei|gefahr|risiko|potenzial|potential|möglichkeit)\w*|unverletzt\w*|unverletzbar\w*",
    r"(?:tut|tat|tun|taten|getan) (?:mir |uns |ihm )?(?:\w+ )?(?:leid)|(?:kosten|rechnung|preis|preise|geldbeutel|portemonnaie)\w* (?:\w+ ){0,4}?weh\w*|(?:dem|meinem|im) (?:geldbeutel|portemonnaie) weh\w*|schmerzt (?:im|das) (?:portemonnaie|geldbeutel|konto)|schmerz(?:ensgeld|frei|lich|los)\w*",
    # places and parts
    r"(?:arbeite|arbeitet|parkplatz|parkiert|geparkt|parkte|job|besuch\w*|vor dem|vor einem|neben dem|beim|gegenüber|pfleg\w+|schicht|dienst|parkhaus|am weg|tiefgarage) (?:\w+ ){0,5}?(?:krankenhaus|spital|klinik|notaufnahme|kantonsspital|inselspital)\w*(?: besuch\w*)?|(?:krankenhaus|spital|klinik)(?:parkplatz|parkhaus|einfahrt|besuch|garage)\w*",
    r"\w*(?:ambulanz|rettungswagen|krankenwagen|notarzt)\w* (?:\w+ ){0,3}?(?:nicht|keinen?) (?:\w+ ){0,2}?(?:nötig|gebraucht|benötigt|erforderlich|gerufen|kommen)|(?:hinter|vor|neben|wegen) (?:dem|einem|der|einer) (?:ambulanz|rettungswagen|krankenwagen)\w*",
    r"(?:kopf|nacken|arm|rücken|bein|fuss|hand|knie|hals|daumen|finger|ohr|brust|schulter)(?:stütze|stützen|lehne|lehnen|raum|freiheit|matte|matten|bremse|schuh|schuhfach|airbag|bolster|spiegel|band|gurt|licht|lichter|sitz|polster|pedal|weg|werk|werker|schrift|buch|dichtung|ablage|schaltung|wäsche|habe|auflage|tasten|leiste)\w*",
    r"rück(?:spiegel|lehne|licht|fahrt|seite|sitz|bank|ruf|sicht)\w*|gesichts(?:punkt|feld)\w*|(?:zylinder|schalt|motor|ventil|druck|spurstangen|kugel|kupplungs|doppel|dreh)kopf\w*|zahn(?:riemen|rad|räder|stange)\w*|achsschenkel\w*|querlenkerarm|wischerarm\w*|spurstange\w*|an hand|anhand|bei der hand|hand in hand|aus zweiter hand|erster hand|zweiter hand|"
    r"auf (?:der höhe|höhe) der schulter|schulter (?:des|der) (?:\w*kotflügel|tür|karosserie)\w*|nasen(?:spitze|bär)|haut (?:des|der) (?:dach|auto|tür|fahr)\w*|aussenhaut|kreuz(?:ung|ungen|fahrt|gelenk|schlüssel)\w*|im auge|augen(?:blick|schein|zeuge|merk|höhe)\w*|im rücken|auf dem rücksitz|hals über kopf|über kopf|auf den kopf gestellt|"
    r"kopf an kopf|kind(?:er)?sitz\w*|kinderwagen|beifahrer(?:seite|sitz|tür|türe|airbag|fenster|spiegel|raum)\w*|fahrer(?:seite|sitz|tür|türe|airbag|fenster|haus|flucht|kabine|ausweis|in)?(?:seite|sitz|tür|airbag)\w*|fahrerflucht\w*|am fuss (?:des|der)|band (?:der|des)|fliessband|elle(?:n)?lang|speichen? (?:des|der) rad\w*|bein(?:freiheit)|beinahe(?=unfall)",
    r"(?:armlehne|stossstange|feder|achse|felge|spiegel|wischer|antenne|halterung|scharnier|griff|welle|kurbelwelle|gelenk|bolzen|schraube|kunststoff|blende|gehäuse|sitz|lehne|konsole|rahmen)\w* (?:<wurde> )?(?:\w+ ){0,2}?(?:ge|ab|an|zer|durch)brochen",
    r"ist (?:mir|uns|ihm|ihr|niemandem|keinem|nichts)? ?nichts passiert|schrecken davon\w*|mit dem schrecken|ein schock für|geschockt vom preis|stossdämpfer",
    r"(?:hinter|vorder|vorder|haupt|feuerwehr|vor|fach)(?:mann|männer|manns)|hintermann\w*|vordermann\w*|man",
    r"(?:sicherung|birne|glühbirne|kontakt|lampe)\w* (?:\w+ ){0,2}?brenn\w* (?:\w+ ){0,2}?durch",
    r"(?:fuss|füsse) (?:\w+ ){0,2}?(?:auf|vom|von|am) (?:der |dem |die |das )?(?:bremse|gas|gaspedal|bremspedal|pedal|kupplung)|(?:hände|hand) (?:\w+ )?am (?:steuer|lenkrad)|vor (?:meinen|seinen|ihren|unseren) augen|mit eigenen augen|(?:den |meinen )?kopf (?:geschüttelt|schüttel\w*|verloren|zerbroch\w*)|aus dem kopf|in die hand|"
    r"unter der hand|in der hand|zur hand|mit der hand|von hand|per hand|auf dem kopf|auf den kopf|übers ohr|aufs auge|ein auge zu\w*|keine augen|hand aufs herz|herz (?:in die hose|blieb)|auf eigene faust|arm und bein|auf die beine|aus den augen|im kopf|hinter (?:meinem|seinem) rücken",
)

_NEAR = ("beinahe", "fast(?! (?:\\d|zwei|drei|vier|alle|ein jahr|eine woche|jeder|die ganze))", "um ein haar", "knapp(?= (?:\\w+ ){0,4}(?:verfehlt|entkommen|entgangen|ausgewichen|vermieden))", "nahezu", "gerade noch", "um haaresbreite", "ausweich\\w*", "ausgewichen", "ausgewich\\w*", "anstatt", "statt")  # fmt: skip
_IF = (
    "wenn", "falls", "sofern", "ob", "für den fall", "hätte", "hätten", "hätt", "wäre", "wären", "würde", "würden", "könnte", "könnten", "kann", "können(?! (?:\\w+ )?nicht)", "möglicherweise(?= \\w+ könn)", "dürfte", "müsste", "sonst", "andernfalls", "gefahr", "risiko", "risiken",
    "angst", "befürchte", "befürchten", "fürchte", "sorge", "droht", "drohte", "drohen", "bevor (?:jemand|noch|ein|etwas|es)", "verhindern", "vermeiden", "verhindert", "vermieden", "schutz vor", "schützt", "schützen", "damit (?:niemand|keiner)", "hoffe", "hoffen", "hoffentlich", "irgendwann", "eines tages",
)  # fmt: skip
_OTHERS = (
    "rückruf\\w*(?: \\w+){0,3} (?:wegen|aufgrund|betreffend|besagt|sagt|schreibt|laut|steht|nennt|warnt|kann)", "laut (?:\\w+ )?(?:rückruf|internet|forum|zeitung|hersteller|presse|bericht)\\w*", "(?:ich habe|wir haben|habe|hab) (?:\\w+ ){0,3}?(?:gelesen|gehört|gesehen, dass|gegoogelt)", "(?:andere|anderen|viele andere|zahlreiche|ähnliche|tausende) (?:besitzer|halter|fahrzeuge|autos|modelle|fälle|wagen|fällen|fahrzeugen|autos)",
    "im internet", "in foren", "berichte (?:über|von)", "fälle von", "bekannt(?:e|er|es)? (?:problem|fälle)\\w*", "in den nachrichten", "vor (?:\\w+ )?jahren",
)  # fmt: skip

_HITS = r"(?:angefahren|umgefahren|überfahren|erfasst|gerammt|angerempelt|umgestossen|umgeworfen|niedergefahren|überrollt|mitgeschleift|totgefahren|gestreift|touchiert|getroffen|weggeschleudert|zusammengefahren|umgerissen|abgeschossen|über den haufen gefahren|auf die hörner genommen|mitgerissen|eingequetscht|eingeklemmt|zerquetscht|zu fall gebracht|erdrückt|zu boden gestossen|weggestossen|niedergestossen|plattgefahren|aufgeladen)"

_CUES: tuple[tuple[Harm, str, str, str, bool], ...] = (
    (
        Harm.KILLED,
        r"getötet\w*|gestorben|verstorben\w*|verstarb\w*|starb|starben|stirbt|sterben|ums leben|tödlich\w*|erlag|erlagen|erliegt|erlegen|todesopfer\w*|toten?|toter|verunglückt tödlich|umgekommen|zu tode|leblos\w*|leichnam|leiche|totgefahren|tod|todesfall|todesfolge|bestattung|beerdigung|hinterblieben\w*|das leben (?:\w+ )?(?:verloren|gekostet|gelassen)|sein leben (?:\w+ )?(?:verloren|gelassen)|ihr leben (?:\w+ )?(?:verloren|gelassen)|verblutet\w*|ertrunken",
        "",
        "",
        False,
    ),
    (
        Harm.KILLED,
        r"(?:<person>|<er>) (?:\w+ ){0,6}?tot|tot (?:aufgefunden|geborgen|am|im|auf|gefunden)|(?:war|ist|sind|waren) (?:sofort |auf der stelle |leider )?tot",
        "",
        r"\b(?:auto|wagen|motor|batterie|radio|display|bildschirm|handy|elektronik|leitung|anlage)\b",
        False,
    ),
    (
        Harm.KILLED,
        r"nicht (?:\w+ )?überleb(?:t|te|ten)|überleb(?:te|ten) (?:\w+ ){0,4}?nicht|nicht mehr (?:\w+ )?(?:wiederbelebt|gerettet|retten|aufgewacht|zu retten|am leben)|nie (?:mehr|wieder) aufgewacht|hat es nicht geschafft|kam nicht mehr nach hause|jede hilfe zu spät",
        "",
        "",
        True,
    ),
    (
        Harm.BURNT,
        r"verbrüh\w*|verbrennungen|brandverletz\w*|brandwunde\w*|brandblase\w*|verbrennung (?:\w+ )?(?:ersten|zweiten|dritten|1|2|3|am|an|im) ?(?:grades?)?|rauch(?:gas)?vergiftung\w*|stromschlag|kohlenmonoxid\w*|gasvergiftung|vergiftet\w*",
        "",
        "",
        False,
    ),
    (
        Harm.BURNT,
        r"(?:<mein> (?:\w+ ){0,2}?<body>|mich|sich|mir|ihm|ihr|ihn|<person>) (?:\w+ ){0,5}?(?:verbrannt\w*|verbrannte\w*|versengt\w*|angesengt|verätzt\w*|verschmort)|(?:verbrannte|verbrannt|verätzte|versengte|verbrannten) (?:\w+ ){0,3}?(?:<body>|mich|mir|ihm|ihr|ihn|sich)",
        "",
        r"\b(?:hat es|roch|geruch|kabel|reifen|kupplung)\b",
        False,
    ),
    (
        Harm.HIT,
        rf"<person>,? {_FREE}{_HITS}",
        "",
        r"\b(?:hat|haben|habe|hatte) (?:\w+ ){0,3}?(?:mein|meine|meinen|meinem|unser|unseren|das|den|die) (?:\w+ ){0,2}?<thing>",
        False,
    ),
    (
        Harm.HIT,
        rf"<person>,? (?:[\w'-]+ ){{0,7}}?(?:wurde|wurden|wird|ist|sind) (?:[\w'-]+ ){{0,7}}?{_HITS}(?: worden)?|<person>,? (?:[\w'-]+ ){{0,7}}?{_HITS} (?:wurde|wurden|worden)",
        "",
        "",
        False,
    ),
    (
        Harm.HIT,
        r"(?:erfasste|erfassten|überfuhr|rammte|traf|streifte|umfuhr|anfuhr|überrollte|touchierte|schleifte|quetschte|riss|schleuderte|stiess|prallte|prallten|krachte|fuhr|fuhren|knallte|raste|kollidierte|kollidiert|zusammengestossen|zusammenstoss|kollision|zusammenprall) (?:\w+ ){0,3}?(?:mit |in |gegen |auf |an |über )?"
        r"(?:einen|einem|einer|eine|den|dem|die|der|das|ein|mich und|meinen|meine|zwei|drei|\w*en) (?:\w+ ){0,2}?(?<!beifahrer)<person>",
        "",
        r"\b(?:auto|wagen) (?:des|der|meine\w*|eine\w*|von) (?:\w+ ){0,2}<person>|\bgarage des\b",
        False,
    ),
    (
        Harm.HIT,
        r"(?:mit|in|gegen|auf) (?:\w+ ){0,3}?<person> (?:\w+ ){0,2}?(?:zusammengestossen|kollidiert|geprallt|gekracht|gefahren|zusammengeprallt|gedonnert|gestossen|gerutscht)",
        "",
        r"\b(?:auto|wagen|fahrzeug|pkw|velo|garage) (?:des|der|meine\w*|eine\w*|von)\b|\bmit (?:meinem|meiner|der|dem) (?:\w+ )?(?:mann|frau|sohn|tochter|mutter|vater|freund\w*|familie|kind\w*)\b",
        False,
    ),
    (
        Harm.HIT,
        rf"(?:ich|er|sie|wir|mich|ihn|uns|die|der) (?:[\w'-]+ ){{0,9}}?(?:{_HITS}|erfasste|umfuhr|anfuhr|überfuhr)",
        r"\b(?:zu fuss|fussgänger|zebrastreifen|trottoir|gehweg|gehsteig|bürgersteig|fussgängerstreifen|überqueren|überquerte|überquert|velo|fahrrad|rad fuhr|spazier\w*|laufen|joggen|roller|radfahrer|radfahrerin|velofahrer|"
        r"motorrad\w*|rollerfahrer|mopedfahrer|kind|fussweg|kinderwagen|rollstuhl|strasse lief|stand neben|ausgestiegen|passant\w*|passanten)\b",
        r"\b(?:mein|meine|meinen|mein \w+|unser) (?:\w+ )?<thing>(?: \w+){0,4} (?:angefahren|gerammt|gestreift|touchiert|getroffen|überfahren)|\b(?:ampel|stoppschild|linie|bordstein|randstein)\b|\bfährt|auto wurde|hat (?:mein|meinen|meine)",
        False,
    ),
    (
        Harm.HIT,
        r"(?:<person>|<er>|<body>) (?:[\w'-]+ ){0,8}?(?:eingeklemmt\w*|eingequetscht|herausgeschleudert|hinausgeschleudert|geschleudert|weggeschleudert|mitgeschleift|verschüttet|begraben|überrollt|aufgespiesst|zerquetscht|gequetscht|herausgeschnitten|geschnitten|geflogen|hängen geblieben|unter die räder|unter das auto|unters auto)",
        "",
        r"\b(?:auto|wagen|fahrzeug|anhänger|lkw|motorrad|velo) (?:\w+ ){0,4}(?:geschleudert|gequetscht|eingeklemmt)\b|\bkabel|\bgurt|\bsteine?\b",
        False,
    ),
    (
        Harm.HIT,
        r"<person> (?:\w+ ){0,5}?(?:flog|flogen|landete|landeten|stürzte|stürzten|fiel|fielen|rutschte|rollte|knallte|prallte|krachte|schlug|geriet|gerieten|lag|lagen|kam|gestürzt|gefallen|gelandet|geprallt|geraten|liegt|liegen) ?(?:\w+ ){0,4}?(?:haube|motorhaube|scheibe|windschutzscheibe|dach|räder|rädern|auto|wagen|lenker|lenkrad|asphalt|strasse|"
        r"boden|fahrbahn|bordstein|pflaster|graben|maschine|rad|velo|fahrrad|mauer|armaturenbrett|kopf|reifen)|<person> (?:\w+ ){0,4}?(?:stürzte|stürzten|gestürzt|zu boden|zu fall|umgefallen|kam zu sturz)",
        "",
        r"\b(?:fiel|rutschte) auf\b.{0,10}\bauf\b",
        False,
    ),
    (
        Harm.HIT,
        r"(?:aus|im) (?:dem |der )?(?:wrack|autowrack|fahrzeugwrack) (?:\w+ ){0,3}?(?:geschnitten|befreit|gerettet|geborgen|gezogen|eingeklemmt)|mussten? (?:\w+ ){0,4}?(?:befreit|herausgeschnitten|geborgen) werden",
        "",
        r"\b(?:auto|wagen|fahrzeug|lkw|anhänger) (?:musste|wurde) (?:\w+ ){0,3}geborgen\b",
        False,
    ),
    (
        Harm.HURT,
        r"(?:schwer|leicht|schwerst|mittelschwer|kopf|hals|nacken|rücken|schulter|knie|bein|arm|hand|fuss|gesichts|augen|brust|becken|bauch|wirbelsäulen|hws|schädel|schädelhirn|personen|lebensgefährlich|mit|sport|haut|schnitt|quetsch|platz|schürf|riss|unfall)?(?:verletz)(?:t|te|ter|ten|tem|tes|ung|ungen|te\w*)?|verletzten?|"
        r"(?:schwer|leicht)verletzten?|personenschaden|personenschäden|körperverletzung|körperschaden|gesundheitsschaden|\w*schmerzen|schmerzt\w*|schmerzhaft\w*|\w*prellung\w*|geprellt\w*|\w*wunden?|platzwunden?|\w*gehirnerschütterung\w*|schleudertrauma|\w*trauma(?:ta|tisiert)?|"
        r"\w*zerrung\w*|verstaucht\w*|verstauchung\w*|bluterguss|blutergüsse|hämatom\w*|\w*quetschung\w*|verrenkt\w*|ausgekugelt\w*|\w*blutung\w*|blutet\w*|blutend\w*|blutüberströmt\w*|geblutet|blutverlust|viel blut|"
        r"bewusstlos\w*|ohnmächtig\w*|ohnmacht|koma|hirntot|krankenhaus|spital|kantonsspital|klinik|unfallklinik|notaufnahme|notfallstation|notfall|intensivstation|operiert\w*|notoperation|operation am|op am|genäht\w*|gelähmt\w*|querschnitt\w*|amputiert\w*|rollstuhl|krücken|gehstöcken?|"
        r"gips|halskrause|krankgeschrieben|arbeitsunfähig\w*|\w*(?:arzt|ärzte|notarzt|ärztin) (?:\w+ ){0,4}?(?:behandel|versorg|festgestell|diagnosti|stellte|untersuch|reanimier|krankschrieb|schrieb)\w*|ärztlich\w* (?:versorg|behand|hilfe)\w*|in ärztlicher behandlung|zum arzt|beim arzt|reanimiert|reanimation|wiederbelebt\w*|"
        r"physiotherapie|reha|rettungshubschrauber|rega|helikopter (?:\w+ ){0,4}geflogen|fehlgeburt|herzinfarkt|schlaganfall|schwindel|übelkeit|kopfweh|bauchweh|rückenweh|nackenweh|schädelbasis\w*|gehirnblutung|schock erlitten|erlitt (?:\w+ )?(?:einen |ein )?(?:schock|\w*bruch|\w*brüche|trauma|\w*verletz\w*)|unter schock|nervenschaden|erblindet|dauerschaden|invalide|invalidität|todeskampf",
        "",
        r"\bunter schock\b.{0,10}\bpreis\b|\b(?:krankenhaus|spital)(?:parkplatz|parkhaus)\b|\bschwindel(?:ei|firma)",
        False,
    ),
    (
        Harm.HURT,
        r"(?:(?:hand|handgelenks|arm|bein|rippen|knochen|schlüsselbein|nasenbein|schädel|wirbel|becken|hüft|oberschenkel|oberschenkelhals|unterarm|oberarm|schulter|kiefer|finger|zehen|fuss|knöchel|mittelfuss|schienbein|genick|ellbogen|joch(?:bein)?|steissbein|zahn|serienrippen|trümmer|waden(?:bein)?|sprunggelenks|halswirbel|schädelbasis)(?:bruch|brüche|brüchen|bruchs|fraktur|frakturen)|fraktur|frakturen)",
        "",
        "",
        False,
    ),
    (
        Harm.HURT,
        r"<mein> (?:\w+ ){0,3}?<body>,? (?:[\w'-]+ ){0,5}?(?:gebrochen|angebrochen|zertrümmert|gequetscht|verdreht|verrenkt|geprellt|verstaucht|ausgerenkt|gerissen|angerissen|aufgeschlagen|aufgeschnitten|aufgerissen|geschnitten|angeschlagen|angestossen|geschlagen|gestossen|geknallt|geprallt|eingeklemmt|abgetrennt|amputiert|geschwollen|taub|steif|blau|blutig|verletzt|gestaucht|zerschnitten|verloren|operiert|genäht|getroffen|aufgeschürft|"
        r"ausgeschlagen|weh\w*|schmerz\w*|blutete\w*|kaputt|entzündet|verätzt|zerquetscht)",
        "",
        r"\b(?:zylinder|wischer|spiegel|lehne|sitz|karosserie|kotflügel)\w*\b",
        False,
    ),
    (
        Harm.HURT,
        r"(?:brach|brachen|bricht|verstauchte|verdrehte|prellte|quetschte|verrenkte|schlug|stiess|schnitt|riss|klemmte|zog|verlor|schürfte|kugelte|zertrümmerte|knallte|prallte) (?:\w+ ){0,4}?(?:sich|mir|ihr|ihm|uns|dabei)? ?(?:\w+ ){0,3}?<body>|(?:gebrochene\w*|gequetschte\w*|geprellte\w*|verletzte\w*|verstauchte\w*|angebrochene\w*|blutige\w*|blutende\w*|ausgeschlagene\w*|gerissene\w*|zertrümmerte\w*|geschwollene\w*|steife\w*) (?:\w+ )?<body>",
        "",
        r"\b(?:zylinder|wischer|spiegel|motorhaube|lehne|sitz)\w*\b",
        False,
    ),
    (
        Harm.HURT,
        r"(?:tut|tun|tat|taten) (?:\w+ ){0,4}?weh|(?:splitter|glassplitter|scherben|glas|scheibe) (?:\w+ ){0,5}?(?:im|ins|in) (?:\w+ ){0,2}?(?:<body>)|mit dem (?:kopf|gesicht|knie|brustkorb|oberkörper) (?:\w+ )?(?:gegen|auf|an|durch)|zu schaden gekommen|kam\w* (?:\w+ ){0,3}?zu schaden|zu schaden kam\w*",
        "",
        "",
        False,
    ),
    (
        Harm.HURT,
        r"(?:rettungswagen|krankenwagen|ambulanz|notarzt|rettungsdienst|sanität|sanitäter|rettung|rtw|rettungskräfte) (?:[\w'-]+ ){0,6}?(?:mitgenommen|gebracht|abgeholt|abtransportiert|eingeliefert|transportiert|behandelt|versorgt|gefahren|brachte|brachten|nahm|nahmen|versorgte|versorgten|behandelte|behandelten)|mit (?:dem |der |einem |einer )?(?:rettungswagen|krankenwagen|ambulanz|rettungshelikopter|blaulicht)|"
        r"(?:ins|im|in das|in ein|in die|in der|zur) (?:\w+ )?(?:krankenhaus|spital|klinik|notaufnahme|notfall\w*|unfallchirurgie)|eingeliefert|ambulant behandelt|stationär",
        "",
        "",
        False,
    ),
    (
        Harm.HURT,
        r"nicht (?:mehr )?(?:\w+ )?(?:ansprechbar|bei bewusstsein|geatmet|atmete|aufwachen|aufgewacht|gehen können|laufen können|bewegen)|kann (?:\w+ ){0,4}?nicht (?:mehr )?(?:bewegen|gehen|laufen|spüren|heben|auftreten)|atmete (?:\w+ )?nicht|spüre (?:\w+ ){0,3}nicht|bewusstsein (?:\w+ )?verl\w+|verlor (?:\w+ ){0,3}?bewusstsein",
        r"\b(?:er|sie|ich|mann|frau|kind|sohn|tochter|vater|mutter|fahrer\w*|beifahrer\w*|\w*gänger\w*|opa|oma)\b",
        r"\b(?:auto|wagen|motor|fahrzeug|sitz|fenster|tür|lenkrad|hebel|schalthebel)\b",
        True,
    ),
    (
        Harm.FIRE,
        r"(?:feuer|flammen?|flammenmeer|brandherd|\w*brand|brände|brandes|\w*brände)",
        "",
        r"\b(?:willy|sebastian) brandt?\b",
        False,
    ),
    (
        Harm.FIRE,
        r"(?:ab|aus|nieder|voll|komplett|vollständig)?gebrannt|(?:ab|aus|nieder)brannten?|brannten?|brennt|brennen|brennend\w*|in brand|entzündet(?:e|en)?(?! (?:sich )?(?:das|die) (?:wunde|auge))|entflammt\w*|verkohlt\w*|angezündet|lichterloh|explodiert\w* (?:und )?brann\w*|brandstiftung|gelöscht(?= werden)|eingeäschert",
        "",
        r"\b(?:wunde|auge|augen) (?:\w+ )?entzündet|\bmeine? auge|\bzündung|\bfestplatte|\bdvd",
        False,
    ),
    (
        Harm.FIRE,
        r"(?:<thing>|polster|teppich|sitz|kabel|kabelbaum|innenraum|isolierung)\w* (?:\w+ ){0,5}?verbrannt\w*(?! (?:riech|gerochen|roch))|brandl(?:och|öcher)|brandspuren|schmorbrand|schwelbrand|verbrannt\w* (?:\w+ )?(?:sitz|kabel|teppich|polster|wrack|auto|wagen)",
        "",
        r"\b(?:öl|benzin|diesel) verbrannt",
        False,
    ),
    # --- wider: what hardly ever stands in a claim unless somebody was harmed
    (
        Harm.HURT,
        r"(?:handgelenk|rippe|rippen|knie|nacken|hüfte|schädel|stirn|wirbel|wirbelsäule|schlüsselbein|oberschenkel|unterschenkel|unterarm|oberarm|ellbogen|ellenbogen|knöchel|schienbein|genick|kiefer|kinn|steissbein|lunge|niere|milz|leber|halswirbel|lendenwirbel|zeh|zehen|zahn|zähne|kniescheibe|nase|wange|lippe|brustkorb|brustbein|sprunggelenk|bandscheibe|daumen|meniskus|kreuzband|finger|fingerkuppe|hws|trommelfell)s?",
        "",
        r"\bwirbel um\b|\b(?:zahn|zähne) (?:der|des|vom|am) (?:\w*rad|zahnrad|riemen)",
        False,
    ),
    (
        Harm.HURT,
        r"(?:mein|meine|meinen|meinem|meiner|sein|seine|seinen|seinem|seiner|ihr|ihre|ihren|ihrem|ihrer|mir|ihm|sich|uns|unsere) (?:[\w'-]+ ){0,4}?(?:arm|arme|bein|beine|hand|hände|fuss|füsse|kopf|gesicht|auge|augen|ohr|ohren|rücken|schulter|schultern|hals|bauch|brust|haut|mund|becken|knochen|körper|kreuz)(?! (?:schütteln|geschüttelt))",
        "",
        r"\b(?:kleines auge|auge zu|im auge)\b",
        False,
    ),
    (
        Harm.HURT,
        r"blaue (?:flecken|flecke)|blauen flecken|blaues auge|\w*beulen? (?:am|an der|auf der) (?:kopf|stirn)|lebensgefahr(?= |$)|schwebt in|in lebensgefahr|kritisch\w* zustand|zustand (?:\w+ ){0,3}?(?:kritisch|ernst|stabil)|weggetreten|benommen|erbrechen|erbrach|übergeben(?= musst| müssen|$)|abnehmen müssen|abgenommen werden|hingefallen|hingestürzt|(?:zu boden |vom \w+ |schwer )?gestürzt|umgeknickt|verstauch\w*|gezerrt|stauchung|"
        r"trage (?:weg)?getragen|tragbahre|bahre|verbunden werden|verband|pflaster (?:am|auf der) (?:kopf|stirn|hand)|kreislaufkollaps|kollabiert\w*|zusammengebrochen (?:am|auf|an)|(?:flog|fliegen|geflogen|flogen) (?:\w+ ){0,6}?(?:ins|in das|nach) (?:\w*spital|\w*krankenhaus|\w*klinik|uniklinik)|\w*(?:spital|krankenhaus|klinikum|uniklinik|klinik)(?! (?:im stau|geparkt))|therapie|reha(?:klinik)?|chirurg\w*|narbe|narben|"
        r"schwer gezeichnet|im sterben|entstellt|pflegefall|behindert (?:seit|seither)|erstick\w*|ohrensausen|tinnitus|krampfanfall|hirnschaden|hirnverletz\w*|querschnitts\w*|stromschlag|panikattacke\w*|heben können|nicht mehr (?:\w+ )?(?:heben|drehen|beugen|auftreten|laufen|gehen|sprechen|sehen)",
        "",
        r"\bvor (?:dem|der) (?:\w*spital|\w*klinik|\w*krankenhaus)|\b(?:motor|auto|wagen|getriebe|benzinpumpe|scheibe|fenster|sitz|lenkrad|schlüssel|kurbel)\b.{0,20}nicht mehr|\barbeite|\bparkplatz|\bverband (?:der|des|deutscher|schweiz\w*)|\berste-hilfe|\bverbandskasten|\bgeld|\bschlüssel übergeben|\bübergeben wurde|\bneben dem (?:spital|krankenhaus)|\bparkiert|\bgeparkt|\bbeim (?:spital|krankenhaus)|\bbehindert(?! se)",
        False,
    ),
    (
        Harm.KILLED,
        r"trauer\w*|trauern|witwe|witwer|waise\w*|beigesetzt|beerdigt\w*|begruben|kam (?:\w+ ){0,6}?um$|kamen (?:\w+ ){0,6}?um$|umkam\w*|nicht mehr unter uns|aus dem leben (?:gerissen|geschieden)|letzten atemzug|tödliche\w* (?:folgen|ausgang)|entschlafen",
        "",
        r"\btrauerspiel\b",
        False,
    ),
    (
        Harm.HIT,
        r"über (?:den|die|das|ihren|seinen|meinen|ihre|seine|meine|ihn|sie|mich) ?(?:fuss|füsse|bein|beine|hand|arm|zehen|körper)? ?(?:gefahren|gerollt|gefahren ist|fuhr|gerollt ist)(?! worden ampel)|<person> (?:[\w'-]+ ){0,8}?(?:gekracht|geprallt|geknallt|gestürzt|hingefallen|umgestürzt|gestolpert|umgerissen|niedergemäht|niedergestreckt|umgemäht|weggestossen|gefallen)|(?:in|gegen) (?:eine|die) (?:menschenmenge|menschengruppe|gruppe|menge|warteschlange) (?:\w+ ){0,3}?(?:gerast|gefahren|gerollt|fuhr|raste)",
        "",
        r"\b(?:in|gegen|auf) (?:mein|meine|meinen|das|den|die|unser|unseren|einen?) (?:\w+ )?<thing> (?:gekracht|geprallt|geknallt|gefallen)\b(?! und gestürzt)|\blinie|\bampel|\bbordstein",
        False,
    ),
    (
        Harm.FIRE,
        r"raub der flammen|in rauch und flammen|lichterloh|zu brennen|asche|eingeäschert|feuerball|stichflamme\w*|in flammen|glutnest",
        "",
        r"\b(?:aschenbecher|lampe|licht|leuchte|lämpchen)\b",
        False,
    ),
    (
        Harm.HURT,
        r"auf der (?:intensiv|chirurgie|unfallstation|neurologie|notfallstation)|(?:das|ihr|unser|mein) (?:\w+ )?(?:kind|baby) verloren|(?:milz|niere|lunge|galle|auge|hoden) (?:\w+ ){0,3}?entfernt|albträume\w*|alpträume\w*|schlaflos\w*|schlafstörung\w*|schläft nicht mehr|gedächtnis\w* verl\w+|ringt mit dem tod|verloren (?:hat )?(?:den|seinen|ihren) (?:daumen|arm|finger|fuss)",
        "",
        "",
        False,
    ),
    (
        Harm.HURT,
        r"keine luft (?:mehr )?(?:bekommen|gekriegt|bekam|kriegte)|bekam (?:\w+ ){0,2}?keine luft|kriegte (?:\w+ ){0,2}?keine luft",
        "",
        "",
        True,
    ),
    (
        Harm.HIT,
        r"(?:fussgänger|radfahrer|velofahrer|bike-fahrer|bikefahrer|rollerfahrer|motorradfahrer|mopedfahrer|töfffahrer|radler|biker|jogger|passant|kind|mädchen|junge|bub|frau|mann|dame|kurier|skater|e-biker|skateboarder)(?:in|innen|en|n|s|er)? (?:\w+ ){0,3}?(?:prallte|krachte|knallte|stürzte|flog|donnerte|schlug|fiel|fuhr|raste|rutschte) (?:\w+ ){0,3}?(?:gegen|in|auf|an|über|unter|durch|vom|von) (?:mein|meine|meinen|meiner|das|die|den|der|dem|ein|eine|einen|unser|seinem|ihrem)",
        "",
        r"\b(?:garage|zaun|poller|mauer|briefkasten)\b|\bmein (?:mann|kind|junge)|\bmeine (?:frau|tochter)",
        False,
    ),
    (
        Harm.HURT,
        r"(?:blind|taub|gelähmt|lahm) (?:seit|seither|geworden|auf)|(?:auge|augen) (?:\w+ ){0,2}?blind|ist (?:\w+ ){0,4}?(?:blind|querschnittgelähmt)|zu boden (?:gestossen|geworfen|geschleudert|gerissen|gegangen)",
        "",
        r"\bblindflug|\bspiegel",
        False,
    ),
)


@cache
def german() -> Words:
    """Return the words, compiled once."""
    c = compiler(_MACROS)
    other = r"\baber\b|\bund (?:ich|er|sie|wir|mein|meine|der|die|das|ein|eine|zwei)\b|\bsondern\b|\bjedoch\b"
    return Words(
        name="de",
        common=word_set(
            "der die das den dem des ein eine einen einem einer und ist sind war waren wurde wurden nicht kein "
            "keine ich er sie es wir mein meine meinen meiner meinem sein seine ihr ihre mit von vom bei beim zum "
            "zur auf im ins am an aus nach zu als aber oder dass wenn hat haben habe hatte sich mich mir uns "
            "durch seit wie noch auch nur zwei drei musste konnte gab blieb niemand keiner"
        ),
        blanks=tuple(c(rf"\b(?:{blank})\b" if not blank.endswith(r"\w*") else rf"\b(?:{blank})") for blank in _BLANKS),
        breaks=c(
            any_of(
                (
                    "aber",
                    "jedoch",
                    "allerdings",
                    "obwohl",
                    "trotzdem",
                    "dennoch",
                    "weil",
                    "denn",
                    "nachdem",
                    "während",
                    "sodass",
                    "so dass",
                    "dafür",
                    "hingegen",
                    "dagegen",
                    "leider",
                    "ausser",
                    "bis auf",
                    "trotz",
                    "seit(?! dem aufprall nicht)",
                    "wobei",
                    "sondern",
                    "worauf",
                    "deshalb",
                    "daher",
                    "doch",
                    "danach",
                    "dann",
                )
            )
        ),
        joints=c(
            r"(?:, (?:und |oder )?|\bund )(?=(?:jetzt |nun |auch |dann |nur |zum glück |später )?(?:ich|er|sie|wir|es|mein|meine|meinen|meinem|meiner|sein|seine|seinen|unser|unsere|der|die|das|den|dem|ein|eine|einen|zwei|drei|vier|beide|niemand|keiner|alle|man|uns|ihm|dem|<person>|<thing>)\b)"
        ),
        verb=c(
            r"\b(?:ist|sind|war|waren|bin|wurde|wurden|wird|werden|hat|haben|habe|hatte|hatten|kam|kamen|ging|fuhr|fuhren|gab|lag|liegt|blieb|starb|starben|musste|mussten|konnte|konnten|brannte|flog|fiel|lief|stand|erlitt|klagte|leidet|"
            r"tut|brach|schlug|schnitt|fing|passiert|passierte|trug|roch|zog|\w{2,}te|\w{2,}ten|\w{3,}t)\b"
        ),
        definite=c(
            r"\b(?:mein|meine|meinen|meinem|meiner|seine|seinen|seinem|seiner|ihre|ihren|ihrem|ihrer|die|der|den|dem|das|des)(?: (?:schwer|leicht|starken|schweren|anderen))? $"
        ),
        veils=(
            Veil(
                c(
                    r"\b(?:niemand|niemanden|niemandem|keiner|keinem|keinen|keine|keines|kein|keinerlei|weder|ohne|null|0|unverletzt|irgendjemand|noch nie)\b(?! (?:ahnung|wahl|chance|zeit|bremsen|bremse|warnung|vorwarnung|helm|gurt|airbag|airbags|licht|hilfe|zweifel|frage|ausweichmöglichkeit|platz|sicht|bremsung|schuld|vorwurf|rücksicht))"
                ),
                c(other + r"|, (?:der|die|das|ich|er|sie|mein\w*)\b|\bhalf\b|\bhielt an\b|\bhilft\b"),
                True,
            ),
            Veil(
                c(
                    r"\b(?:nicht|nichts|nie|niemals|kaum|keineswegs)\b(?! (?:nur|mehr (?:bremsen|ausweichen|rechtzeitig|anhalten|stoppen)|rechtzeitig|bremsen|gesehen|ausweichen|gebremst|gehalten|aufgepasst|beachtet))"
                ),
                c(other + r"|\bund\b|, (?:der|die|das|ich|er|sie|mein\w*)\b|(?:[\w'-]+ ){7}"),
                True,
            ),
            Veil(c(any_of(_NEAR)), c(other), False),
            Veil(
                c(any_of(_IF)),
                c(
                    r"\baber\b|\bund (?:ich|er|sie|wir) (?:bin|ist|war|wurde|hat|habe)\b|\bund (?:wurde|liegt|liege|hat|brach)\b"
                ),
                False,
            ),
            Veil(c(any_of(_OTHERS)), c(r"\b(?:mein|meine|meinem|meinen|mich|mir)\b"), False),
        ),
        undone_after=c(
            r"\s*(?:sind|ist|wurde|wurden|hat|haben|gab|gibt|gäbe|war|waren|worden|entstanden|entstand|kam|kamen|zu beklagen|zum glück|sich|mich|uns|es|dabei|glücklicherweise|gott sei dank|auch|bei dem unfall|hier|aber|ja|habe|ich|er|sie|wir|,)?"
            r"(?: (?:sind|ist|wurde|wurden|hat|haben|gab|gibt|war|waren|worden|entstanden|entstand|kam|kamen|zu beklagen|zum|glück|sich|mich|uns|es|dabei|glücklicherweise|gott|sei|dank|auch|hier|ja|ich|er|sie|wir))*"
            r"\s*(?::|=|\?|-)?\s*(?:nicht(?! nur)|niemand|niemanden|keine|keiner|keinen|keines|nein|0|null|nie|entstanden ist nicht|ausgeschlossen)\b|\s*(?:werden|worden sein|sein|kommen|enden|führen|verursachen) (?:können|könnte|könnten|kann)\b|\s*(?:können|könnte|könnten|hätte|hätten|wäre|wären)\b|\s*bei anderen|\s*(?:vermieden|verhindert)\b"
        ),
        cues=tuple(
            Cue(
                harm,
                c(rf"\b(?:{pattern})(?!\w)"),
                c(needs) if needs else None,
                c(unless) if unless else None,
                certain,
            )
            for harm, pattern, needs, unless, certain in _CUES
        ),
    )
