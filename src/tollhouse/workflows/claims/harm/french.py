"""French: the words by which a claim tells of a person hit, hurt, burnt or killed, or of a fire, and those that undo them."""

from functools import cache

from .words import Cue, Harm, Veil, Words, any_of, compiler, word_set

_MACROS = {
    "person": r"(?:\d+ )?(?:personne|gens|homme|femme|dame|monsieur|garçon|fille|fillette|garçonnet|enfant|gamin|gamine|bébé|nourrisson|ado|"
    r"adolescent|adolescente|jeune|vieux|vieille|retraité|retraitée|mari|épouse|époux|conjoint|conjointe|compagne|compagnon|copain|"
    r"copine|mère|père|maman|papa|fils|frère|sœur|grand-mère|grand-père|grand mère|grand père|mamie|papi|papy|oncle|tante|cousin|"
    r"cousine|neveu|nièce|famille|ami|amie|voisin|voisine|collègue|passager|passagère|conducteur|conductrice|chauffeur|automobiliste|"
    r"occupant|piéton|piétonne|passant|passante|cycliste|motard|motarde|motocycliste|cyclomotoriste|scootériste|joggeur|joggeuse|"
    r"coureur|coureuse|marcheur|promeneur|trottinettiste|ouvrier|ouvrière|policier|agent|gendarme|mécanicien|garagiste|livreur|"
    r"livreuse|facteur|client|cliente|victime|élève|écolier|écolière|étudiant|étudiante|quelqu'un|tout le monde|deux|trois|quatre|"
    r"cinq|six|plusieurs)s?",
    "il": r"(?:je|j'|il|elle|ils|elles|on|nous|qui|ça lui|lui)",
    "m": r"(?:m'|me |l'|le |la |les |nous |lui |s'|se |leur |t'|vous )",
    "aux": r"(?:est|sont|était|étaient|a|ai|ont|avait|avais|avaient|avons|été|fut|furent|suis|sommes|soit|serait|reste|resta|resté|restée|"
    r"se|s'|s'est|s'était|se sont|me suis|m'a|a eu|fut|est|gisait|gravement|grièvement|légèrement|mortellement|sérieusement|aussi|"
    r"également|tous|toutes|deux|complètement|très|assez|trop|bien|encore|toujours|déjà|tous les deux|même|depuis|donc|alors|plus|"
    r"pas|jamais|presque|ensuite|immédiatement|malheureusement|heureusement|finalement|vient d'être|vient d')",
    "body": r"(?:tête|crâne|visage|face|front|tempe|œil|yeux|paupière|nez|joue|pommette|mâchoire|menton|bouche|lèvre|dent|cou|nuque|gorge|"
    r"épaule|bras|avant-bras|avant bras|coude|poignet|main|doigt|pouce|index|poitrine|torse|thorax|côtes|côte|sternum|dos|"
    r"colonne|colonne vertébrale|vertèbre|cervicale|lombaire|bassin|hanche|col du fémur|jambe|cuisse|genou|genoux|rotule|tibia|"
    r"péroné|mollet|cheville|pied|orteil|talon|clavicule|omoplate|coccyx|os|peau|ventre|abdomen|foie|rate|rein|poumon|tendon|"
    r"ligament|muscle|nerf|langue|oreille|tympan|aine|fémur|humérus|radius|cubitus|métacarpe|ménisque|arcade sourcilière|arcade|"
    r"cuir chevelu|phalange|ongle|cerveau|membre)s?",
    "animal": r"(?:chevreuil|biche|cerf|sanglier|animal|animaux|chien|chienne|chiot|chat|chaton|renard|blaireau|lapin|lièvre|écureuil|hérisson|"
    r"oiseau|faisan|vache|cheval|chevaux|mouton|chèvre|cochon|gibier|bête|poule|pigeon)s?",
    "thing": r"(?:voitures?|véhicules?|autos?|camions?|camionnettes?|fourgons?|bus|tracteurs?|remorques?|moteurs?|batteries?|alternateurs?|boîte|"
    r"embrayage|écrans?|radio|gps|téléphone|phares?|lumières?|lampes?|ampoules?|feux|freins?|airbags?|pare-?chocs?|portières?|portes?|"
    r"vitres?|fenêtres?|pare-?brises?|rétroviseurs?|rétros?|pneus?|roues?|jantes?|toits?|capots?|coffres?|ailes?|hayons?|barrières?|"
    r"murs?|poteaux?|arbres?|trottoirs?|nids?-de-poule|pompe|compresseur|fusible|démarreur|capteurs?|calculateur|tableau de bord|"
    r"suspension|essieu|pédale|garage|turbo|chauffage|climatisation|scooter|moto|vélo|caravane|camping-car|carrosserie|bolide|"
    r"peugeot|renault|citroën|audi|bmw|golf|clio|tesla|mercedes|ford|opel|toyota|volvo|fiat|skoda|seat)",
    "det": r"(?:le |la |les |l'|un |une |des |deux |trois |ce |cet |cette |mon |ma |mes |son |sa |ses |notre |nos |leur |leurs |votre |\d+ )?",
    "his": r"(?:mon|ma|mes|son|sa|ses|notre|nos|leur|leurs|votre|le|la|les|l'|au|aux|du|des|un|une|deux|trois|quatre|plusieurs|\d+|de l'|à la|à l'|d'un|d'une)",
    "w": r"(?:(?!(?:et|ou|qui|que|quand|lorsque|de|du|par|avec|dans|pour|car|près|sans|ne|pas|au|aux|à|en|sur)\b)[\w'-]+ )",
}

_BLANKS = (
    r"(?:roul\w+|allai\w+|vais|part\w+|route|chemin|conduis\w+) (?:\w+ ){0,2}?(?:vers|pour|à) (?:l'|la )(?:hôpital|clinique)(?= quand| lorsque|,|$)",
    r"(?:jet|lanc|lâch|fait tomb)\w+ (?:\w+ ){0,2}?(?:un|une|des|du|le|la|son|sa) (?:\w+ )?(?:sur|contre|dans) (?:mon|ma|le|la|mes|notre) (?:<thing>)",
    r"<thing> .{0,20}(?:rendu|rend) l'âme",
    r"menac\w+ (?:\w+ )?de (?:mort|me tuer|nous tuer)",
    # feu, flamme that are none
    r"(?:brûl|grill)\w* (?:un |le |les |du |son |deux )?(?:feux?|stop|priorité|étapes?|l'huile|de l'huile|trop|essence)(?: rouge| orange)?",
    r"(?:au|aux|le|les|un|des|du|ce|ces|son|mon|mes|ses|deux) feux? (?:rouge|vert|orange|tricolore|de (?:signalisation|circulation|détresse|croisement|route|"
    r"position|recul|stop|brouillard|gabarit)|arrière|avant|antibrouillard|diurne|clignotant|gauche|droit|passe|est passé|passait|était (?:au )?(?:vert|rouge|orange))s?",
    r"feux? (?:rouge|vert|orange|tricolore|de (?:signalisation|circulation|détresse|croisement|route|position|recul|stop|brouillard)|arrière|avant|antibrouillard)s?",
    r"(?:arrêtée?s?|stoppée?s?|attend\w*|à l'arrêt|immobilisée?s?|démarr\w+|freiné|ralenti\w*|stationn\w*|file|devant|embouti\w*) (?:devant )?(?:au|aux|à un|le|un) feux?",
    r"les feux|feux|coups? de feu|armes? à feu|feu d'artifice|tout feu tout flamme|feu vert|pot au feu|n'y voir que du feu|feu follet",
    r"odeurs? (?:de |très forte de |forte de )?(?:brûlée?|brûlure|fumée|cramé|feu)|sen\w* (?:le |la )?(?:brûlé|cramé|fumée)|ça sent le brûlé",
    r"(?:risques?|dangers?|menaces?|crainte|possibilité|éviter|évitant|évité) (?:un |d'un |d'une |d'|de |des |du )?(?:incendies?|feu|blessures?|mort|brûlures?|décès|accident\w* mortel\w*)",
    r"(?:détecteur|alarme|extincteur|porte|assurance|protection|sortie|anti)[- ](?:d'|de |contre l'|anti-?)?incendie|coupe-?feu|pare-?feu",
    r"brûle (?:de l'huile|beaucoup|trop)|(?:ampoule|fusible|embrayage|bougie|phare|feu|led|clignotant|relais|contact|frein|plaquette|disque)s? (?:\w+ ){0,3}(?:brûl|grill|cramé)\w*|brûle-parfum|toile brûlée",
    # mort that is none
    r"angles? morts?|points? morts?|poids morts?|temps morts?|eaux? mortes?|feuilles? mortes?|morts? de (?:rire|peur|fatigue|froid|faim|trouille)|peine de mort|mort subite de (?:la|le|l')\w*|bras morts?|arbre mort|bois mort|lettre morte|nature morte",
    r"(?:<thing>|injecteurs?|bougies?|amortisseurs?|disques?|plaquettes?|roulements?|cardans?|joints?|courroies?|soupapes?|bobines?|relais|autoradio) (?:\w+ ){0,2}?(?:est|sont|était|étaient|a été|semble|complètement|totalement|déjà) (?:\w+ )?(?:mort|tué|décédé|blessé)\w*|<thing> (?:mort|blessé)e?s?",
    r"(?:mort|tué|tuer|tue)(?:e|s|es)? (?:du|de la|de l'|le|la|l'|les|de|ma|mon|un|une) ?(?:\w+ )?<thing>",
    r"<animal>,? (?:\w+ ){0,4}?(?:mort|tué|blessé|percuté|heurté|renversé|écrasé|décédé|péri|renverse|percute|agonis|souffr)\w*",
    r"(?:percut|heurt|renvers|écras|tu|fauch|évit|tap|touch|happ|bless)\w+ (?:\w+ )?<det>(?:\w+ )?<animal>",
    r"(?:moteur|batterie) .{0,20}rendu l'âme|tue-mouche|tueur|ça me tue|tuant",
    # blessures, douleurs that are none
    r"(?:mal|douloureu\w+) (?:au|pour le|pour mon) (?:portefeuille|porte-monnaie|budget|compte)|(?:prix|facture|note|addition)s? (?:\w+ ){0,2}(?:douloureu\w+|mal)",
    r"blessé\w* (?:dans )?(?:mon|son|l'|notre) (?:orgueil|amour-propre|ego|honneur|fierté)|souffr\w+ (?:financièrement|de la chaleur|d'un défaut|du bruit|d'une panne|de défauts)",
    r"(?:mal|pas mal) (?:garée?s?|stationnée?s?|réparée?s?|fait|conçue?|entretenue?|montée?|réglée?|serrée?|vissée?|de (?:temps|travail|choses|dégâts))",
    r"(?:parking|employée?|infirmi\w+|travaille|garée?|stationnée?|devant|près|à côté|en face|visite\w*|rendre visite|médecin|entrée|boulot|poste) (?:\w+ ){0,5}(?:de l'|à l'|l'|d'un )?(?:hôpital|clinique|urgences)",
    r"(?:hôpital|clinique) (?:où je travaille|de mon travail)|feux de détresse|en urgence(?! à)|freinage d'urgence|arrêt d'urgence|bande d'arrêt d'urgence|triangle d'urgence|freiné d'urgence",
    # parts of vehicles
    r"bras (?:d'essuie|de suspension|du rétro|d'essuie-glace|de direction|de l'essuie)\S*(?: ?-?glaces?)?|accoudoirs?|appuie-?têtes?|têtes? de (?:delco|lecture|série|file|liste|bielle)|tête-à-queue|tête à queue|"
    r"frein à main|mains? (?:courante|libre|d'œuvre)s?|première main|seconde main|deuxième main|boîte à gants|doigt d'allumeur|dos d'âne|pied (?:de|du) (?:biche|mur|poteau)|"
    r"(?:à|au|en) pieds?(?= (?:du|de l))|côté (?:passager|conducteur|gauche|droit|avant|arrière)|côtes? (?:de|d')|en côte|à côté|de côté|du côté|côté|face à|en face|faire face|la face (?:avant|arrière)|"
    r"nez (?:à nez|de la voiture)|œil-de-|coup d'œil|le front de|os(?:er|ait|é)|siège (?:enfant|bébé|passager|conducteur|auto)|porti[eè]re (?:passager|conducteur|du (?:passager|conducteur))|(?:porte|vitre|airbag|rétroviseur) "
    r"(?:du )?(?:passager|conducteur)|dents? de (?:courroie|pignon|scie)|langue de|colonne de direction|membre de|carter d'huile|bouche d'(?:égout|incendie)|joue de|pied à terre|coup de main|donn\w+ la main|"
    r"sur place(?= le constat)|genoux? airbag",
    r"plus de peur que de mal|la peur de ma vie|rien de cassé(?! sauf)|rien de grave|personne n'y est pour rien",
    r"(?:feu|défunte?) (?:mon|ma) (?:père|mère|mari|époux|femme)|hérit\w+.*|cancer.*",
    r"(?:mur|parking|entrée|portail|barrière|grille|façade|poteau|rue|boulevard|avenue|place) de (?:l'|la )(?:hôpital|clinique)",
    r"(?:pied|pieds) (?:\w+ ){0,2}(?:sur|au) (?:le |la )?(?:frein|pédale|accélérateur|plancher|embrayage)|(?:mains?) sur le volant|(?:sous|devant|de) (?:mes|ses|nos) (?:propres )?yeux|(?:tourn|hoch|perd)\w* la tête|en tête|tête de|(?:à|sur) la tête de|en main|la main dans|"
    r"prêt\w* main|sous la main|(?:de|par) ma (?:propre )?main|coûte? (?:les yeux|un bras)|les bras m'en|gagner du terrain|dos (?:à|du siège|tourné)|face (?:à|au)|de face|pleine face|sur le dos de|(?:aux|pieds) (?:nus)",
    r"(?:rétro|aile|porte|feu|phare|capot|pneu|roue|barre|jambe de force|rotule de direction|genou de suspension|nez du véhicule|bras oscillant|triangle|cheville de fixation|tête de pont)s? .{0,3}(?:de suspension|de direction|de fixation)|rotules? (?:de|du|avant|arrière)",
)

_NEAR = (
    "failli(?:r|t)?", "manqué (?:de )?", "presque(?! tous)", "de justesse", "évit(?:é|er|ant|e|ait|és|ée)", "au lieu de", "à deux doigts de", "sur le point de", "de peu", "frôl\\w+", "à un cheveu de",
    "esquiv\\w+", "plutôt que",
)  # fmt: skip
_IF = (
    "si", "s'il", "s'ils", "au cas où", "en cas d[e']", "à moins", "même si", "sinon", "sans quoi",
    "(?:aurai[st]?|auraient|aurions|pourrai[st]?|pourraient|pouvait|pouvaient|peut|peuvent|puisse|puissent|serai[st]|seraient|devrai[st]|risquait|risquaient|risquent|risqué|risque|risques|risquer|risquais)(?! (?:être |avoir )?subi)",
    "(?:aurait|eût|eussent|ferait|causerait|provoquerait|mourrait|tuerait|blesserait)",
    "(?:peur|crains?|craint|craignais|craignait|redoute|redoutais|inquiet|inquiète|angoisse) (?:que|de|d'|qu'|pour)", "de peur", "danger", "dangereu\\w+", "susceptible", "menac\\w+", "menace", "espère", "espérons", "j'espère",
    "avant (?:que|qu')(?: \\w+)? (?:quelqu'un|un)", "pour (?:éviter|empêcher)", "empêch\\w+", "probable", "potentiel\\w*", "éventuel\\w*", "imagin\\w+", "un jour", "attendre",
)  # fmt: skip
_OTHERS = (
    "rappel\\w*(?: \\w+){0,3} (?:pour|concernant|à cause|suite|indique|mentionne|évoque|dit|parle|du|de|d')",
    "(?:j'ai|on a|nous avons) (?:lu|entendu|appris|vu (?:sur internet|à la télé|dans la presse))",
    "(?:d'autres|autres|nombreux|nombreuses|plusieurs cas|milliers|centaines) (?:propriétaires|véhicules|voitures|modèles|cas|conducteurs|automobilistes)",
    "cas (?:de|d')", "selon (?:internet|la presse|les journaux|un forum|le rappel|le constructeur)", "il paraît", "sur (?:internet|les forums)", "signalements?", "il y a (?:\\w+ )ans",
)  # fmt: skip

_CUES: tuple[tuple[Harm, str, str, str, bool], ...] = (
    (
        Harm.KILLED,
        r"décédée?s?|décès|décèdent?|décéder|tuée?s?|mortel(?:le)?s?|mortellement|périe?s?|trépass\w+|inanimée?s?|obsèques|enterrement|morgue|feu mon mari|cadavre|défunte?",
        "",
        r"\baccident mortel évité\b",
        False,
    ),
    (
        Harm.KILLED,
        r"(?:perdu|perd|perdre|perdirent|perdant|ôté|coûté|coûte|laissé|pris|donné|arraché) (?:\w+ ){0,2}?(?:la|leur|sa|ma) vie|rendu (?:l'âme|son dernier souffle)|succomb\w+|sans vie|arrêt cardiaque|mis fin à (?:ses|la)",
        "",
        "",
        False,
    ),
    (
        Harm.KILLED,
        r"(?:<person>|<il>|y a|a eu|aussi|et|bilan|fait|sont|est|les|des|un|une|malheureusement),? ?(?:<aux> )*(?:\w+ ){0,2}?(?:mort(?:e|s|es)?|mourut|meurt|mourir)",
        "",
        "",
        False,
    ),
    (
        Harm.KILLED,
        r"(?:mort(?:e|s|es)?) (?:sur (?:le coup|place)|dans|à l'hôpital|des suites|de ses|pendant|hier|écrasée?|brûlée?|carbonisée?|noyée?)|la mort (?:de|du|d'|instantanée)|morts?",
        "",
        "",
        False,
    ),
    (
        Harm.KILLED,
        r"n'(?:a|ont|y a|avait|avaient)(?: \w+)? (?:pas|jamais|point) (?:\w+ )?survécu|(?:pas|jamais|plus) (?:\w+ )?survécu|(?:ne |n')s'(?:est|était) (?:pas|jamais) (?:réveillée?|relevée?)|pas pu (?:être )?(?:sauvée?|réanimée?|le sauver|la sauver)|ne s'en est pas (?:sortie?|remise?)",
        "",
        "",
        True,
    ),
    (
        Harm.BURNT,
        r"brûlures?|ébouillant\w+|électrocut\w+|électrisée?s?|intoxiquée?s?|intoxication|asphyxi\w+|brûlée?s? (?:\w+ )?(?:au|à la|aux|sur) (?:\w+ ){0,2}<body>|(?:au|du|premier|second|deuxième|troisième) (?:\w+ )?degré",
        "",
        "",
        False,
    ),
    (
        Harm.BURNT,
        r"(?:m'a|m'ont|l'a|lui a|nous a|s'est|me suis|s'était|se sont|leur a|m'ont|lui ont|les a) (?:\w+ ){0,2}?brûlée?s?(?: \w+){0,2}|(?:<person>|<il>) ?(?:<aux> )+(?:\w+ment )?brûlée?s?(?! (?:un|le) (?:feu|stop))|brûl\w+ (?:\w+ )?<his> ?(?:\w+ )?<body>",
        "",
        r"\b(?:voiture|véhicule|scooter|moto|camion|moteur)s?\b.{0,12}brûl",
        False,
    ),
    (
        Harm.HIT,
        r"(?:percut|heurt|renvers|fauch|écras|happ|bouscul|tamponn|accroch|touch|cogn|tap|rentr\w* dans|fonc\w* (?:dans|sur)|roul\w* sur|culbut|coinc|traîn|projet|éject|roulé sur|rentré dans|foncé sur|foncé dans|passé sur|empal|blott|plaqu|cognée? contre)(?:é|ée|és|ées|er|ant|ais|ait|a|aient|e)? ?(?!par )<det><w>{0,2}<person>(?! (?:qui conduisait|en voiture))",
        "",
        "",
        False,
    ),
    (
        Harm.HIT,
        r"<person> (?:\w+ ){0,4}?(?:(?:a|ont|avait|avaient|est|sont) été|était|étaient|fut|furent|se (?:fait|sont fait)|s'est fait|été) (?:\w+ ){0,3}?(?:percut|heurt|renvers|fauch|écras|happ|culbut|projet|éject|traîn|coinc)(?:é|ée|és|ées|er)",
        "",
        r"\bpar l'arrière\b",
        False,
    ),
    (
        Harm.HIT,
        r"<person>,? que (?:j'|nous |l'|il |elle |le |la )(?:\w+ ){0,3}?(?:percut|heurt|renvers|fauch|écras|touch)\w+",
        "",
        "",
        False,
    ),
    (
        Harm.HIT,
        r"(?:<il>|m'|l'|me|nous|lui|les) ?(?:\w+ ){0,3}?(?:renvers|fauch|écras|happ|éject|projet|désincarcér|propuls|traîn|culbut)(?:é|ée|és|ées|er)(?! (?:mon|ma|le|la|un|une|par terre) (?:\w+ )?(?:vélo|café|voiture|poubelle|barrière|panneau|poteau))",
        "",
        r"\b(?:renvers|fauch|écras|happ|projet|traîn)\w+ (?:\w+ ){0,2}(?:pare-?chocs?|aile|portière|voiture|poteau|panneau|barrière|rétroviseur|clôture|poubelles?|vélo|scooter|moto|borne|mur)\b|\b(?:pare-?chocs?|aile|portière|voiture|poteau|panneau|barrière|rétroviseur|clôture|poubelle|borne) (?:\w+ ){0,3}(?:renvers|fauch|écras|projet|traîn)",
        False,
    ),
    (
        Harm.HIT,
        r"(?:m'a|m'ont|l'a|nous a|ai été|a été|été) (?:\w+ )?(?:percut|heurt|touch|accroch|tap|shoot)\w+",
        r"\b(?:à pied|passage (?:piéton|clouté|pour piétons)|trottoir|traversai[st]|traversait la|à vélo|en vélo|en trottinette|à moto|sur mon (?:vélo|scooter)|en scooter|marchais|poussette|fauteuil roulant|debout|courais|footing)\b",
        "",
        False,
    ),
    (
        Harm.HIT,
        r"<person> (?:\w+ ){0,5}?(?:sous|sur|contre|par-dessus|au-dessus d|à travers|hors d|entre|au sol|par terre) ?(?:les|la|le|mon|ma|l'|du|de la|de|son|sa|une|deux|e mon|e ma) ?(?:\w+ )?(?:roues?|capot|voiture|camion|bus|pare-?brise|toit|guidon|chaussée|bitume|asphalte|sol|train|route|habitacle|vélo|moto|scooter|pneus?|remorque|mur|habitacle)",
        "",
        r"\b(?:se gare|garé|roulait|circulait|conduisait|stationné|rayé|tapé|a sauté|volé)\w*\b",
        False,
    ),
    (
        Harm.HIT,
        r"désincarcér\w+|(?:coincée?s?|piégée?s?|prisonni\w+|bloquée?s?) (?:dans|sous|entre) (?:\w+ |l'|la |le )?(?:habitacle|véhicule|voiture|carcasse|tôles?|épave|roues?|cabine|deux)|dans (?:l'habitacle|la carcasse), ",
        "",
        r"\b(?:ceinture|clé|siège|cassette|cd|bouton)\b.{0,20}(?:coincé|bloqué)",
        False,
    ),
    (
        Harm.HURT,
        r"blessée?s?|blessures?|blesser|blessant|bless(?:a|e|ent)|contusions?|contusionnée?s?|ecchymoses?|hématomes?|traumatismes?|traumatisée?s?|commotion\w*|entorses?|foulures?|lumbago|luxation\w*|luxée?s?|fractures?|"
        r"hospitalis\w+|hôpital|urgences|samu|réanimation|soins intensifs|coma|coup du lapin|minerve|béquilles|plâtrée?s?|plâtre|attelle|points? de suture|suturée?s?|recousue?s?|amput\w+|paralysée?s?|paraplégique|tétraplégique|hémiplégique|handicapée? depuis|invalide|"
        r"évanouie?s?|évanouissement|inconscient(?:e|s|es)? (?:au|à|sur|pendant|dans|depuis|quand|après|plusieurs)|perte de connaissance|kinésithérapi\w+|kiné|séances de rééducation|rééducation|antidouleurs?|antalgiques?|arrêt (?:de travail|maladie)|itt|incapacité (?:de travail|totale|temporaire)|"
        r"hémorragie\w*|égratignures?|écorchures?|coupures? (?:au|à la|aux|sur)|bleus|plaies?|bosses? (?:au|à la|sur) (?:\w+ )?(?:front|tête|crâne)|cervicalgies?|lombalgies?|côtes enfoncées|fracass\w+ (?:le|la|l'|les) ?<body>|héliportée?s?|secouristes (?:\w+ )?(?:emmen|soign|pris)\w*|chirurgie|chirurgien|"
        r"fausse couche|crise cardiaque|infarctus|avc|malaise|vertiges|nausées|maux de tête|migraines?|stress post-traumatique|séquelles|dommages? corporels?|préjudice corporel|lésions?|victimes?",
        "",
        r"\bfractur\w+ (?:de )?(?:la |le |l'|du )?(?:vitre|portière|serrure|coffre|pare|jante|essieu|châssis)|\bvictimes? d'(?:un|une) (?:vol|panne|arnaque|escroquerie|dégât|sinistre|acte)",
        False,
    ),
    (
        Harm.HURT,
        r"(?:<person>|<il>) ?(?:<aux> )+(?:inconscient|évanoui|choqué et blessé|opéré|plâtré|sonné|amoché|assommé|mutilé|défiguré|alité|aveugle|sourd|boiteu|entubé|intubé)(?:e|s|es|x)?|opérée?s? (?:de|du|d'|en|à|au|des)|(?:m'a|l'a|lui a|ont|été) opérée?s?|opération (?:du|de la|de l'|au|à)",
        "",
        "",
        False,
    ),
    (
        Harm.HURT,
        r"(?:perdu|perd|perdre|perdant) (?:\w+ ){0,2}?(?:connaissance|conscience|du sang|de sang|l'usage|la vue|un œil|un doigt|une jambe|un bras|l'ouïe|des dents|une dent)|reprendre connaissance|repris connaissance|saign\w+|ensanglant\w+|(?:plein|couvert|mare|flaque)e?s? de sang|en sang|vomi\w*",
        "",
        "",
        False,
    ),
    (
        Harm.HURT,
        r"(?:cass|fractur|bris|foul|tord|tordu|déboît|lux|démis|arrach|ouver|coup|entaill|écras|pinc|cogn|bless|fêl|sectionn|perfor|déchir|éraf|écorch|froiss|broy|luxé|claqu|meurtri|brûl|coinc|frapp|heurt)(?:é|ée|és|ées|er|u|t|te|i|ure|ant)? (?:\w+ )?(?:sur |dans |à |contre )?<his> ?(?:\w+ ){0,2}?<body>(?! (?:d'essuie|de suspension|gauche de la voiture))",
        "",
        r"\b(?:verrière|poignée de)\b",
        False,
    ),
    (
        Harm.HURT,
        r"<body> (?:\w+ ){0,4}?(?:cass|fractur|bris|foul|tordu|déboît|lux|démis|arrach|ouver|coup|entaill|écras|pinc|fêl|enfonc|sectionn|perfor|déchir|écorch|broy|enfl|gonfl|bleu|bloqu|insensibl|engourdi|douloureu|touch|coinc|brûl|amput|meurtri|ensanglant|opér|immobilis|endolori)(?:é|ée|és|ées|u|te|ts|t|e|es|x|se|ses|is|ies|ie|i|s)?(?! (?:de la voiture|du véhicule))",
        "",
        "",
        False,
    ),
    (
        Harm.HURT,
        r"douleurs?|douloureu\w+|mal (?:\w+ )?(?:au|à la|aux|à l'|de) ?<body>|mal (?:de tête|de dos|partout)|fait (?:très )?mal|faire mal|souffr(?:e|ent|ait|aient|ir|ant|ons|i|is)|courbatur\w+|torticolis",
        "",
        "",
        False,
    ),
    (
        Harm.HURT,
        r"(?:emmen|transport|conduit|amen|évacu|admis|admi|soign|examin|pris en charge|pris|héliport|transfér|ambulance)\w* (?:\w+ |l'|d'|à l'){0,5}?(?:hôpital|clinique|urgences|ambulance|samu|chu|pompiers|secours|médecin|secouristes|bloc|centre hospitalier)|"
        r"(?:ambulance|samu|pompiers|secours|secouristes|hélicoptère) (?:\w+ |l'|m'|a |ont ){0,4}?(?:emmen|transport|évacu|pris|soign|conduit|réanim)\w*|en ambulance|(?:bloc opératoire|sous oxygène|chirurgical\w*)",
        "",
        "",
        False,
    ),
    (
        Harm.HURT,
        r"(?:médecin|docteur|doc|généraliste|urgentiste) (?:\w+ |m'|lui |a |l'|nous ){0,4}?(?:prescri|constat|diagnosti|arrêt|trouv|soign|mis)\w*|(?:consult\w+|vu|voir|allée? chez|chez) (?:un |le |mon |une )?(?:médecin|docteur|ostéopathe|kiné)|certificat médical|soins médicaux|frais médicaux",
        "",
        "",
        False,
    ),
    (
        Harm.HURT,
        r"(?:éclats?|morceaux|bouts?|débris|verre|acide|liquide|sang) (?:\w+ |d'){0,3}?(?:dans|sur|au|à) (?:\w+ |l'){0,2}?<body>|(?:cogn|tap|frapp|heurt|projet|claqu)\w* (?:\w+ ){0,3}?(?:la|ma|sa|de la) tête|la tête (?:\w+ ){0,3}(?:contre|dans|sur) le (?:pare|volant|tableau)",
        "",
        "",
        False,
    ),
    (
        Harm.HURT,
        r"(?:ne|n')(?: |\w+ ){0,3}?(?:respir\w*|bouge\w*|réagi\w*|répond\w*|march\w+|sen\w+ plus (?:mes|ses|les|la)) ?(?:plus|pas)?(?= |$)|(?:peux|peut|pouvais|pouvait|peuvent) (?:plus|pas) (?:\w+ )?(?:marcher|bouger|respirer|lever|plier|tourner|bouger)",
        r"\b(?:il|elle|ils|je|enfant|mère|père|mari|femme|fils|fille|homme|dame|passag\w+|conduct\w+|piéton|cycliste|motard|bébé)\b",
        r"\b(?:voiture|véhicule|moteur|batterie|clignotant|autoradio|frein|démarreur|auto|pas répondu|répond pas (?:au|à)|assur\w+|garag\w+)\b",
        True,
    ),
    (
        Harm.HURT,
        r"fauteuil roulant|dans le coma|défigurée?|cicatrices?|a des bleus|morsures?|os (?:cassé|brisé)|à l'œil nu|assommée?s?|k\.?o|groggy",
        "",
        r"\bœil nu\b",
        False,
    ),
    (
        Harm.FIRE,
        r"(?:pris|prend|prendre|prenait|prenant|prennent|mis|mettre|met|prirent|prit) (?:\w+ )?(?:le )?feu|en feu|en flammes?|flammes?|incendi(?:e|es|é|ée|és|ées|er)|embras\w+|enflamm\w+|calcinée?s?|carbonisée?s?|brasier|combustion spontanée",
        "",
        "",
        False,
    ),
    (
        Harm.FIRE,
        r"(?:le|un|du|départ de|début de|gros|petit|violent|premier) (?:\w+ )?feu|feu (?:\w+ ){0,3}(?:s'est|a été|dans|sous|éteint|déclaré|au niveau|de moteur)",
        "",
        "",
        False,
    ),
    (
        Harm.FIRE,
        r"(?:<thing>|tout|siège|moquette|faisceau|câblage|câbles?|fils|isolant|tapis) (?:\w+ ){0,3}?brûl(?:e|é|ée|és|ées|ait|aient|ent|ant)(?! (?:de l'huile|trop|d'essence|un feu|le feu))|(?:a|ont|avait|fini par|commencé à) (?:entièrement |complètement |totalement )?brûl(?:é|er)(?= |$)(?! (?:un|le|de l'huile|mon|ma|son|sa|la|les|mes))|(?:trous?|traces?|marques?) de brûl\w+",
        "",
        "",
        False,
    ),
    # --- wider: what hardly ever stands in a claim unless somebody was harmed
    (
        Harm.HURT,
        r"(?:cheville|crâne|épaule|genou|genoux|poignet|vertèbre|nuque|hanche|coude|clavicule|mâchoire|menton|tibia|fémur|péroné|sternum|omoplate|poumon|mollet|cuisse|orteil|coccyx|arcade|paupière|rotule|rate|foie|intestin|thorax|cervicale|lombaire|gencive|incisive|tympan|rétine|avant-bras|phalange|pouce)s?",
        "",
        "",
        False,
    ),
    (
        Harm.HURT,
        r"(?:mes|ma|mon|ses|sa|son|nos|leur|leurs) (?:\w+ )?(?:bras|jambe|jambes|main|mains|doigt|doigts|pied|pieds|dos|cou|tête|visage|nez|œil|yeux|dents?|oreilles?|côtes|bouche|ventre|peau|os|front|joue)",
        "",
        r"\b(?:voiture|véhicule|camion) .{0,4}(?:dos)\b",
        False,
    ),
    (
        Harm.HURT,
        r"en pleine (?:tête|figure|poire|face)|en plein (?:visage|front|ventre)|(?:sur|dans|à|contre) (?:la|le) (?:tête|figure|visage|crâne|front|nuque)|recou\w+|recous\w*|boite|boitait|boiter|boitille\w*|en miettes(?= |$)|gravement (?:atteint|touch)\w*|grièvement|état (?:\w+ )?(?:grave|critique|désespéré|sérieux|de choc|stationnaire|stable)|entre la vie et la mort|"
        r"pronostic vital|brancard|civière|en sang|en état de choc|trente-six chandelles|chandelles|évanoui\w*|mal en point|corps (?:de|du|sans|inerte|inanimé|calciné)|(?:deux|trois|des|les|son|le) corps|convalescence|rééduc\w*|(?:irm|scanner|radios?|radiographie) (?:\w+ ){0,3}(?:montr|révél|confirm)\w*|bandages?|pansements?|"
        r"déplacé une|suffoqu\w+|étouff\w+|noyé\w*|infirmi\w+|perfusion|chirurg\w+|ostéo\w*|choqué\w* et (?:bless|conduit)\w*|hurlait de|hurlant de|agonis\w+|invalide|infirme|mutil\w+",
        "",
        r"\bradio (?:ne|est|du bord)|\bchoqué\w* mais|\bpare-?brise en miettes|\bvitre en miettes|\brétroviseur en miettes|\bvitres? (?:\w+ )?en miettes|\bcorps (?:de la voiture|du véhicule)",
        False,
    ),
    (
        Harm.KILLED,
        r"en deuil|deuil|veuve|veuf|orphelin\w*|enterr(?:é|ée|er)|inhum\w+|emport\w+ (?:mon|ma|mes) (?:mari|femme|père|mère|fils|fille)|plus de ce monde|nous a quittés?|dernier souffle",
        "",
        "",
        False,
    ),
    (
        Harm.HIT,
        r"(?:roul|pass|mont)(?:é|ée|er|ait|e|a) (?:\w+ )?(?:sur|dessus) (?:le |la |les |mon |ma |mes |son |sa |ses |l'|un |une |des )(?:\w+ ){0,2}?(?:pieds?|jambes?|bras|mains?|corps|<person>)|<person> (?:\w+ ){0,3}?(?:gît|gisai\w+|gisant|étendu\w*|allongé\w*|à terre|au sol|par terre|inerte)|(?:reçu|pris) (?:\w+ ){0,4}?(?:en plein|sur la tête|dans la tête|dans le visage|au visage)|<person> (?:\w+ ){0,3}?(?:a|ont|avait) (?:\w+ )?(?:traversé le pare|volé|été (?:broyé|aplati|balayé|emporté|soufflé|emboutie?))\w*",
        "",
        "",
        False,
    ),
    (
        Harm.FIRE,
        r"(?:part|parti|partie|parties|partis|partait|partir|parte) en (?:fumée|flammes)|réduit\w* en cendres|en cendres|cendres|comme une torche|brûlait|brûlaient|brûle encore|ont? (?:tout )?brûlé|était en train de brûler|feu (?:s'est|a gagné|a ravagé|a détruit|a pris|prend)|propag\w+ (?:à|au|aux)|boule de feu|crame\w*|cramé\w*|(?:qui|elle|tout) (?:a )?(?:flambé|flambait|flambe)",
        "",
        r"\b(?:yeux|gorge|ampoule|fusible|phare|huile|feu rouge|un feu|le feu rouge|stop|bras|visage|main|odeur|prix flamb)\b",
        False,
    ),
    (
        Harm.HURT,
        r"acouphènes?|bourdonnements?|perd\w* (?:\w+ ){0,2}?(?:dents?|doigts?|jambes?|bras|œil|bébé|mémoire|ouïe|odorat)|(?:emmen|évacu|transport|amen|emport)\w* (?:\w+ |l'|mon |ma ){0,4}?(?:hélicoptère|hélico|ambulance|civière|brancard)|cauchemars|ne dort plus|fausse couche|perdu (?:le|son|notre) bébé|insomnies?",
        "",
        "",
        False,
    ),
    (
        Harm.HIT,
        r"(?:pass|roul|mont)\w* dessus|<person> (?:\w+ ){0,4}?(?:a|ont|est|sont) (?:\w+ )?(?:fini|atterri|terminé|tombée?s?|volé|chuté|valsé|basculé)(?: \w+)? (?:dans|sur|sous|contre|par|de|du|à terre|au sol)|(?:chute|chuté|chuter) (?:de|du|à|avec|lourdement)|<person> (?:\w+ ){0,3}?(?:tombe|tombée?|chuté|chute|bascule)s?(?! (?:en panne|d'accord|sur))",
        "",
        r"\btombée?s? (?:en panne|sur le toit|sur la voiture|sur mon|sur ma)|\bfini (?:dans le|au) fossé|\bvolé (?:mon|ma|mes|un|une|la|le)\b|\bneige\b|\bfini par\b|\bbranche\b|\barbre\b|\bchute de\b",
        False,
    ),
    (Harm.FIRE, r"consumée?s?|(?:s'est|se sont) consum\w+", "", r"\bessence|\bcarburant|\bhuile", False),
    (Harm.HURT, r"(?:rend\w*|tomb\w*) (?:\w+ )?malades?|malade (?:à cause|depuis)", "", "", False),
)


@cache
def french() -> Words:
    """Return the words, compiled once."""
    c = compiler(_MACROS)
    other = r"\bmais\b|\bet (?:il|elle|ils|elles|on|je|j'|nous|mon|ma|mes|le|la|les|l'|un|une|deux|son|sa)(?: |\b)|, (?:mais|en revanche|par contre)"
    return Words(
        name="fr",
        common=word_set(
            "le la les un une et est était été à au aux du dans sur il elle ils elles je nous vous mon ma mes son "
            "sa ses leur qui que ne pas avec pour par mais ou où ce cette ces sont ai avons ont avait deux trois "
            "plus y en se suis l d j s n qu c m lorsque quand depuis après sans sous contre personne aucun aucune "
            "é e ù u"
        ),
        blanks=tuple(c(rf"\b(?:{blank})\b" if not blank.endswith(".*") else rf"\b(?:{blank})") for blank in _BLANKS),
        breaks=c(
            any_of(
                (
                    "mais",
                    "cependant",
                    "pourtant",
                    "toutefois",
                    "par contre",
                    "en revanche",
                    "sauf(?! que personne)",
                    "parce qu(?:e|')",
                    "car",
                    "puisqu(?:e|')",
                    "depuis(?! (?:\\w+ )?que)",
                    "après",
                    "quand",
                    "lorsqu(?:e|')",
                    "alors qu(?:e|')",
                    "tandis qu(?:e|')",
                    "pendant qu(?:e|')",
                    "puis",
                    "donc",
                    "malheureusement",
                    "hélas",
                    "malgré",
                    "bien qu(?:e|')",
                    "hormis",
                    "excepté",
                    "causant",
                    "provoquant(?! un risque)",
                    "entraînant",
                )
            )
        ),
        joints=c(
            r"(?:, (?:et |ou )?|\bet )(?=(?:puis |ensuite |aussi |maintenant |heureusement |seul\w* )?(?:je|j'|il|elle|ils|elles|on|nous|mon|ma|mes|son|sa|ses|notre|nos|le|la|les|l'|un|une|deux|trois|quatre|ce|cette|aucun|aucune|personne|tout|tous|c'est|<person>|<thing>)(?:\b|(?<=')))"
        ),
        verb=c(
            r"\b(?:est|sont|était|étaient|a|ai|as|ont|avait|avais|avaient|avons|fut|suis|sommes|été|fait|va|vont|y a|n'a|n'ont|n'est|n'y|l'a|m'a|s'est|se sont|souffre|porte|reste|perd|perdu|saigne|sort|sortait|pu|dû|eu|j'ai|"
            r"brûle|boite|\w{2,}(?:ait|aient|é|ée|és|ées|ent))\b"
        ),
        definite=c(
            r"\b(?:le|la|les|mon|ma|mes|son|sa|ses|notre|nos|leur|leurs|ce|cet|cette|ces|du|l')(?: (?:grave|autre|pauvre|seul|seule|principal))? ?$"
        ),
        veils=(
            Veil(
                c(
                    r"(?:\bpersonne (?:d'autre )?(?:n'|ne\b|de\b|d'|parmi|à bord|dans)|(?<!une )(?<!la )(?<!cette )(?<!deux )(?<!autre )(?<!trois )\bpersonne\b(?= (?:n|blessé))|\bni\b|\bnul(?:le)?\b|\baucun(?:e)?\b|\bquiconque\b|\bqui que ce soit\b)"
                ),
                c(other + r"|\bsecour\w+|\baid(?:é|er|ait)\b"),
                True,
            ),
            Veil(
                c(
                    r"(?:\b(?:pas|point|jamais|plus|guère|rien|zéro|0|nullement|sans|ni|hors|absence|non|indemnes?|dépourvu)\b)(?! (?:avoir vu|pu (?:freiner|éviter|m'arrêter|l'éviter|s'arrêter)|freiner|vu|arrivé à|réussi|évit\w+|tard|de|que|prévenir|avertissement|casque|ceinture|ralentir|s'arrêter|clignotant|mal|loin|tôt|grave|forte?|cher)\b)"
                    r"|\b(?:pas|plus|sans|point|jamais) d[e'](?! (?:casque|freins?|ceinture|clignotant|visibilité|temps|airbag))|\bsans (?:faire de |gravité|qu'il y ait)"
                ),
                c(
                    other
                    + r"|\bqu[e'](?! (?:il y ait|quelqu'un))|, (?:\w+ant|le|la|un|une|mon|ma)\b|(?<!de )(?<!par )\b(?:il|elle|ils|elles|on|je|j'|nous) |(?<=' )j'|(?:[\w'-]+ ){9}"
                ),
                True,
            ),
            Veil(c(any_of(_NEAR)), c(other), False),
            Veil(
                c(r"(?<!\w)(?:" + "|".join(_IF) + r")(?!\w)"),
                c(r"\bmais\b|\bet (?:il|elle|je|j'|on|nous|ma|mon|la|le) (?:est|a|ai|ont|sont|suis)\b"),
                False,
            ),
            Veil(c(any_of(_OTHERS)), c(r"\b(?:mon|ma|mes|je|j'ai|moi)\b"), False),
        ),
        undone_after=c(
            r"\s*(?::|=|\?|-|\()?\s*(?:aucune?|néant|0|zéro|non|personne|rien)\b|\s*(?:évitée?s?|exclue?s?|à éviter)\b|\s*(?:n'(?:est|a|ont|y a|avait)|ne (?:sont|fut|s'est|se))(?: \w+){0,2} (?:pas|aucun|à)(?! (?:pu|encore))|, il n'y en a|\s*sur d'autres"
        ),
        cues=tuple(
            Cue(
                harm,
                c(rf"(?<!\w)(?:{pattern})(?!\w)"),
                c(needs) if needs else None,
                c(unless) if unless else None,
                certain,
            )
            for harm, pattern, needs, unless, certain in _CUES
        ),
    )
