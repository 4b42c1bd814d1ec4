"""
The words by which an injected order is known, in English, German and French. Data, with one compiler.

A word that ends in `*` stands for all that begin so.
"""

from collections.abc import Mapping

LEXICON: Mapping[str, str] = {
    # to take no notice
    "ignore": """
        ignor* disregard* forget forgot* overlook* bypass* overrid* overrul* overwrit* neglect* discard* aside unlearn* circumvent*
        vergiss vergesst vergessen ignorier* missacht* mißacht* hinweg hinwegsetz* beiseite übergeh* verwirf verwerfe* umgeh* überschreib*
        oubli* abstraction outre écarte écartez néglige* contourne* enfrei* transgress*
    """,
    "keep_account": "compte",
    "no_longer": "longer anymore mehr plus",
    # what stands before
    "prior": """
        previous* prior above earlier preced* foregoing before existing original* initial* former* past old current default
        all any every everything whatever
        bisherig* vorherig* vorig* obig* oben früher* vorangegangen* vorangehend* vorstehend* vorhergehend* ursprünglich* bestehend* gesagt*
        alle alles sämtliche* jegliche* jede
        précéd* antérieur* dessus avant initia* origin* existant* ancien* tout toutes tous toute
    """,
    "your": "your yours you dein* du dir dich ihr euer eure euren ton ta tes votre vos t te toi vous tu",
    "orders": """
        instruction* prompt prompts direction directions directive* guideline* rule rules command* programming constraint* restriction* guidance
        safeguard* guardrail* limitation* policies policy
        anweisung* instruktion* vorgabe* regel regeln befehl* richtlinie* einschränkung* beschränkung* anordnung* weisung* systemprompt*
        consigne* règle règles ordre ordres contrainte* limitation* interdiction*
    """,
    "everything": "everything anything all whatever alles tout toute tous",
    "before": "before above earlier precede* prior far oben bisher* vorher* vorangeh* obig* davor précède* précéd* dessus haut avant",
    "follow": """
        follow* obey* apply respect* adhere heed halt* befolg* beacht* folge* achte*
        suis suivez suivre applique* respecte* obéi*
    """,
    "if": "if falls wenn sofern si",
    "told": "told instructed said taught learned learnt programmed gesagt beigebracht aufgetragen angewiesen dit demandé appris ordonné",
    # what nobody is to see
    "show": """
        show reveal* print repeat* output display tell give quote leak* dump copy recite* paste disclose* expose* share write list what spell
        zeig* verrat* nenn* gib gebt wiederhol* druck* ausgeb* zitier* offenleg* enthüll* schreib* kopier* wie was liste
        montre* révèle* révéle* affiche* donne* répète* répéte* recopie* cite* dévoile* divulgue* écris quel quelle quelles imprime*
    """,
    "hidden": """
        system hidden secret* initial* original* developer* internal* confidential* preceding underlying full entire exact verbatim
        versteckt* geheim* ursprünglich* intern* vertraulich* komplett* vollständig* wortwörtlich*
        système caché* secrèt* interne* confidentiel* complet* intégral* exact*
    """,
    "prompt": "prompt prompts systemprompt* instruction* anweisung* vorgabe* consigne* systemnachricht* preprompt*",
    # to be somebody who may do anything
    "play": """
        act pretend* roleplay* role play persona character simulat* imagin* become behave respond answer
        spiel* rolle stell* tu verhalte* benimm handle* antworte* simulier* bist wärst
        joue* rôle imagine* prétend* comporte* réponds répondez simule* agis es fais faites
    """,
    "free_of": "no without zero never any free lift* lack* devoid none not un ohne kein* nie niemals frei sans aucun* jamais ni",
    "limits": """
        restriction* limit limits limitation* filter filters filtering censor* rules rule ethic* moral* guideline* safeguard* boundaries constraint* policies
        inhibition* disclaimer* warnings restraint* conscience
        einschränkung* beschränkung* grenzen schranke* filter zensur regeln regel moral* ethi* tabu* richtlinien
        limite* filtre* censure règle règles morale* éthique* tabou* contrainte* interdit*
    """,
    "unbound": """
        unfiltered uncensored unrestricted unlimited amoral unethical unmoderated unhinged jailbreak* jailbroken devmode
        ungefiltert* unzensiert* uneingeschränkt* schrankenlos* hemmungslos*
    """,
    "persona_more": "rule* refuse refuses moral* ethic* anything character* lawful illegal evil",
    # to stop being careful
    "off": """
        disable* deactivat* off remove suspend* lift
        deaktivier* ausschalt* abschalt* aus ab auf aufheb* abstell*
        désactiv* coupe* lève levez supprime* retire*
    """,
    "safety": """
        safety filter filters guardrail* safeguard* moderation censorship restriction* protections policies
        sicherheit* sicherheitsfilter* filter schutz* moderation inhaltsfilter* zensur einschränkung*
        sécurité filtre* garde protection* modération censure restriction*
    """,
    # a reader that is a machine
    "machine": """
        ai ais llm llms gpt chatgpt bot bots chatbot* assistant assistants copilot agent agents model models crawler* screening
        ki kis assistent* assistenten sprachmodell* modell modelle
        ia robot robots modèle modèles assistante
    """,
    "note": """
        note attention instruction* message important notice memo reminder warning
        hinweis achtung anweisung* notiz wichtig nachricht mitteilung
        remarque consigne* avis
    """,
    "reads": """
        reading read reads process* summari* pars* analy* review* evaluat* handl* scan* automat* index*
        liest lesen lese* verarbeit* bearbeit* zusammenfass* auswert* analysier* prüf* bewert*
        lit lisent lire lisant traite* traitant résum* analys* évalu* examin*
    """,
    "must": """
        must should shall need needs have please will do always never add include write say state reply respond forward send ignore stop
        muss müssen soll sollen bitte füge fügen schreib* sage antworte* leite sende stoppe nenne erwähne
        doit doivent devez dois veuillez ajoute* écri* dis réponds transfère* envoie* arrête* mentionne*
    """,
    # the turn to another task
    "new": "new real actual true following updated next neue neuer neuen neues echte* eigentlich* folgende* nouvel* nouveau véritable* vraie vrai réel* suivant*",
    "task": "instruction* task objective directive* goal mission anweisung* aufgabe auftrag ziel weisung* consigne* tâche objectif mission directive*",
    "now": "now instead henceforth onwards jetzt nun stattdessen ab künftig fortan maintenant désormais plutôt dorénavant",
    "are": "are re bist seid es êtes",
    "refuse": "refuse* decline* deny reject* verweiger* ablehn* weiger* refus*",
    "never": "never not cannot cant don must no longer nie niemals nicht kein* darfst jamais ne pas interdit",
    "comply": "comply compl* obey* answer* respond* gehorch* befolg* antwort* obéi* réponds répond*",
    "again": "stay remain bleib* reste*",
    "character": "character rolle personnage",
}


def lexicon(classes: Mapping[str, str] = LEXICON) -> Mapping[str, tuple[tuple[str, bool, int], ...]]:
    """
    Compile: by a word's first two letters, which (stem, must it be the whole word, classes as bits) may fit.

    A class's bit is 1 << its place in `classes`.
    """
    found: dict[tuple[str, bool], int] = {}
    for place, words in enumerate(classes.values()):
        for word in words.split():
            key = (word.removesuffix("*"), not word.endswith("*"))
            found[key] = found.get(key, 0) | 1 << place
    rows: dict[str, list[tuple[str, bool, int]]] = {}
    for (stem, whole), bits in found.items():
        rows.setdefault(stem[:2], []).append((stem, whole, bits))
    return {head: tuple(each) for head, each in rows.items()}


def bits(*names: str) -> tuple[int, ...]:
    """Return the bits of these classes."""
    order = list(LEXICON)
    return tuple(1 << order.index(name) for name in names)
