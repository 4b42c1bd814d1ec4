"""Words beside names, in English, German and French: what announces a person, and what says that a name is none."""

from typing import Final

from .tables import phrases, words

TITLES: Final = words(
    """
    Mr Mrs Ms Miss Mx Mister Madam Sir Dr Doctor Prof Professor Rev Reverend Captain Capt Lieutenant Lt Sgt Sergeant
    Colonel Col Senator Herr Herrn Frau Fräulein Doktor Professorin Dipl Ing Mag Mme Mlle Monsieur Madame
    Mademoiselle Maître Maitre Docteur Professeure Messieurs Mesdames Señor Señora Sr Sra Signor Signora Dhr Mevr
    Meneer Mevrouw
    """
)

ROLES: Final = words(
    """
    Zeuge Zeugin Zeugen Angeklagte Angeklagten Angeklagter Mitangeklagte Mitangeklagten Mitangeklagter Kläger
    Klägers Klägerin Beklagte Beklagten Beklagter Nebenkläger Nebenklägers Nebenklägerin Geschädigte Geschädigten
    Geschädigter Richter Richters Richterin Vorsitzende Vorsitzenden Rechtsanwalt Rechtsanwalts Rechtsanwältin
    Patentanwalt Patentanwältin Notar Notarin Sachverständige Sachverständigen Sachverständiger Antragsteller
    Antragstellerin Beschwerdeführer Beschwerdeführerin Betroffene Betroffenen Betroffener Betreuer Betreuerin
    Steuerberater Steuerberaterin Referatsleiter Referatsleiterin Geschäftsführer Geschäftsführers Geschäftsführerin
    Arbeitnehmers Versicherungsnehmer Versicherungsnehmers Versicherungsnehmerin Sachbearbeiter Sachbearbeiterin
    Kollege Kollegen Kollegin Minister Ministers Ministerin Bundeskanzler Bundeskanzlerin Präsident Präsidenten
    Präsidentin Witness Defendant Plaintiff Claimant Policyholder Officer President Minister Secretary Governor
    General Brigadegeneral Lord Lady Father Sister Brother Judge Uncle Aunt Témoin Docteure Notaire Avocat Avocate
    """
)

COURT: Final = words(
    """
    Richter Richters Richterin Rechtsanwalt Rechtsanwalts Rechtsanwältin Patentanwalt Patentanwältin Notar Notarin
    Zeuge Zeugin
    """
)
"""Roles that hardly ever have another noun behind them in German."""

TAILS: Final = words(
    """
    Inc Ltd Limited LLC Llc LLP Corp Corporation Company Co Plc PLC Group Holdings Partners Associates Bank Trust
    Foundation Institute University College School Hospital Clinic Center Centre Hotel Airport Stadium Museum River
    Mountain Island Valley Beach Street Road Avenue Drive Boulevard Square Place Court Terrace Way Act Award Prize
    Agreement Systems Solutions Technologies Services Industries Pharmaceuticals Laboratories Labs Software Motors
    Airlines Media Records Entertainment Studios Store Stores Foods Energy Capital Insurance Securities Ventures
    GmbH Gmbh AG SE KG OHG Ohg UG SA Sa SAS SARL Sarl BV NV Verlag Versicherung Versicherungen Stiftung Straße
    Strasse Str Platz Allee Weg Gasse Universität Schule Krankenhaus Klinik Kirche Gruppe Werke Gesetz Preis
    Verordnung Bahnhof Flughafen Brücke Turm Rue Université Hôpital École Lycée Banque Groupe Fondation Prix City
    County State Town Village Islands States Republic Kingdom
    """
)

TAILS_AND_NAMES: Final = words(
    """
    Church Park Bridge Lake Lane Hill Hall House
    """
)
"""These make something else of a word before them, unless it is a given name."""

STOPS: Final = words(
    """
    January February March April May June July August September October November December Monday Tuesday Wednesday
    Thursday Friday Saturday Sunday Januar Februar März Mai Juni Juli Oktober Dezember Jan Feb Mar Apr Jun Jul Aug
    Sep Sept Oct Okt Nov Dec Dez Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag Mo Di Mi Do Fr Janvier
    Février Mars Avril Juin Juillet Août Septembre Octobre Novembre Décembre Lundi Mardi Mercredi Jeudi Vendredi
    Samedi Dimanche I The This That These Those There Their They Then Thus Than And But Or Nor For From With Without
    Within Into Upon He She His Her Him Hers It Its We Us Our You Your Yours My Me Mine One Two Three Any All Each
    Both Such Some Not No Yes Is Are Was Were Be Been Has Have Had Do Does Did Can Could Will Would Shall Should
    Might Must May Who What When Where Why How Which If As At By In On Of To Up Out So An Am Please Thanks Thank
    Dear Hello Hi Hey Good Best Kind Regards Sincerely Yours Sent Subject Date Name Phone Email Address Bot User
    Assistant System Customer Client Agent Team Support Re Fwd Cc Attn Der Die Das Des Dem Den Ein Eine Einen Einem
    Einer Eines Und Oder Aber Wenn Als Auch Auf Aus Bei Mit Nach Von Vor Zu Zur Zum Für Im In An Am Ich Du Er Sie Es
    Wir Ihr Ihre Ihren Ihrer Ihnen Mein Meine Sein Seine Unser Unsere Kein Keine Nicht Noch Nur So Wie Was Wer Wo
    Wann Warum Da Dann Dass Daß Dies Diese Dieser Dieses Damit Danach Daher Hier Durch Ob Um Unter Über Bitte Danke
    Liebe Lieber Guten Hallo Sehr Viele Mit Freundlichen Grüße Grüßen Gruß Betreff Datum Kunde Kundin Le La Les Un
    Une Des Du De Et Ou Mais Donc Car Ce Cet Cette Ces Il Elle Ils Elles On Nous Vous Je Tu Mon Ma Mes Son Sa Ses
    Notre Nos Votre Vos Leur Leurs Ne Pas Plus Pour Par Sur Sous Dans Avec Sans Chez Vers Entre Si Qui Que Quoi
    Quand Où Comment Bonjour Bonsoir Merci Cordialement Salutations Objet Nom Prénom Client Cliente Cher Chère Chers
    American British English Scottish Irish Welsh German French Italian Spanish Portuguese Dutch Belgian Swiss
    Austrian Danish Swedish Norwegian Finnish Polish Czech Slovak Hungarian Romanian Bulgarian Greek Turkish Russian
    Ukrainian Chinese Japanese Korean Indian Arab Arabic Israeli Canadian Australian Mexican Brazilian African
    European Asian Slovenian Croatian Icelandic Christian Jewish Muslim Catholic Protestant Deutsch Deutsche
    Deutschen Deutscher Englisch Französisch Schweizer Österreicher Franzose Europäische Europäischen Street Wohne
    Wohnt Wohnhaft Lives Live Must Enter Lived Living Address House Habite Under Page Pages Room Order Invoice
    Rechnung Seite Artikel Article Section Clause Schedule Exhibit Annex Appendix Chapter Title Abs Absatz Satz Art
    Nr No Az Rn Rdn Ziffer Ziff Bgb Stgb Anm Bd Vgl Aufl Hs Beschl Urt CEO CFO CTO USA UK EU UN NATO ID PIN ATM SMS
    PDF URL FAQ Christmas Easter Adidas Puma Nike Noël Darin Worin Hierin Sonn Ryanair Lufthansa PLZ ZIP PSC APO FPO
    DPO USS God Jesus Christ Lord Internet Google Facebook Twitter Amazon Apple Microsoft YouTube Instagram
    Whatsapp WhatsApp Alexa Siri Olly Spotify Netflix Paypal PayPal Visa Mastercard Ford Honda Toyota Nissan
    Mazda Chevrolet Chrysler Dodge Jeep Buick Cadillac Pontiac Mercedes Bmw Audi Volkswagen Porsche Opel Peugeot
    Renault Citroën Fiat Volvo Saab Hyundai Kia Subaru Suzuki Mitsubishi Lexus Acura Infiniti Tesla Covid Wifi
    Chatbot Chatbots
    """
)

SOFTWARE: Final = words(
    """
    Kubernetes Postgres PostgreSQL Redis Valkey Podman Docker Ansible Grafana Prometheus Nginx Hadoop Django Flask Golang Kotlin
    Erlang Elixir Haskell Scala Clojure Pytest Webpack Vite Tailwind Svelte Vue Angular React Nuxt Linux Ubuntu Debian Fedora
    Firefox Chromium Safari Databricks Snowflake Salesforce Hubspot Zendesk Atlassian Jira Confluence Bitbucket Github Gitlab
    Trello Asana Notion Slack Skype Zoom Dropbox Figma Canva Shopify Stripe Klarna Revolut Twilio Tiktok Snapchat Reddit
    Pinterest Tumblr Linkedin Wikipedia Ollama Openai Anthropic Mistral Gemini Ethereum Bitcoin Elasticsearch Opensearch Logstash
    Kibana Splunk Datadog Sentry Terraform Pulumi Airflow Dagster Celery Flink Spark Kafka Rabbitmq Mongodb Mysql Mariadb
    Sqlite Oracle Neo4j Memcached Gradle Maven Bazel Tomcat Jetty Symfony Laravel Magento Wordpress Drupal Joomla Typo3 Playwright
    Cypress Selenium Junit Mockito Hibernate Lombok Numpy Pandas Scipy Pytorch Tensorflow Keras Jupyter Colab Tableau Looker
    Powerpoint Excel Outlook Sharepoint Onedrive Azure Aws Heroku Vercel Netlify Cloudflare Fastly Vagrant Istio Envoy
    Nomad Vault Traefik Haproxy Gunicorn Uvicorn Fastapi Starlette Pydantic Typescript Javascript Node Npm Deno
    """
)
"""Never persons, though sentences do with them what they do with persons: "Kibana was slow"."""

THINGS_TOO: Final = words(
    """
    Jenkins Clio Cortana Travis Jasper
    """
)
"""Names of persons that developers and drivers mean otherwise as a rule."""

PARTICLES: Final = words(
    """
    Van Von Vom De Del Della Di Da Dos La Le El Al Bin Ibn Ben Bint Ter Ten Ap St
    """
)

ENDINGS: Final = words(
    """
    sson ttir ðson nsen rsen lsen ović ovič evič ević ovic evic čić jić kić njak wski wska iński ński ńska lski lska
    dzki wicz czyk czak vský vská enko chuk ov ova ev eva ová kova idze adze vili yan vich witz vitz ulos ulou idis
    akis oğlu zadeh moto yama gawa kawa guchi hara hashi zaki hima jima mura hita matsu naga uchi wara ssy ffy ssön
    tröm vist gren
    """
)
"""Of family names: their last two, three or four letters. The three languages' own words are looked up first."""

CUES: Final = phrases(
    "name is|name's|i am|i'm|i’m|this is|call me|named|dear|hello|hi|hey|said|says|told|asked|thanks|"
    "signed by|speaking with|spoke to|spoke with|talk to|assistant to|c/o|attn|attn:|attention:|my son|"
    "my daughter|my wife|my husband|my kid|my child|my brother|my sister|my mother|my father|my friend|"
    "my boss|my partner|my colleague|my client|my neighbour|my neighbor|his wife|her husband|his son|"
    "her son|name:|name :|nom :|nom:|prénom :|prénom:|vorname:|patient:|customer:|kunde:|client :|user:|"
    "name ist|ich heiße|ich heisse|ich bin|hier ist|hier spricht|liebe|lieber|hallo|meine frau|mein mann|"
    "mein sohn|meine tochter|mein bruder|meine schwester|z. hd.|z.hd.|geb.|gez.|namens|je m'appelle|"
    "je m’appelle|je suis|nom est|moi c'est|mon fils|ma fille|ma femme|mon mari|mon frère|ma sœur|bonjour|"
    "cher|chère|signé|née|né|/s/|according to|behalf of|heirs of|estate of|statement of|statement by|widow of|tell|ask|met|call|"
    "phoned|emailed|thank|thanked|married|reported by|written by|signed by|approved by|closed by|sent by|paid by|driven by|"
    "owned by|caused by|treated by|represented by|addressed to|belongs to|belong to|spoken to|spoken with|met with|"
    "talked to|talking to|talked with|talking with|talk with|speak to|speak with|speaking to|remind|invite|invited|love|"
    "laut|auskunft von|auftrag von|namen von|seitens von|fragen sie|informieren sie|kontaktieren sie|sagen sie|sie bitte|"
    "schreibt ihnen|herren|eheleute|familie|fam.|händen|zuhanden|grüsst|grüßt|vertreten durch|unterschrieben von|"
    "verheiratet mit|heisse|heiße|servus|moin|selon|d'après|d’après|nom de|part de|contacter|contactez|joindre|parlé avec|"
    "parlé à|parler à|parler avec|appel avec|signé par|envoyé par|représenté par|demandez à|salut|marié à|mariée à|"
    "m'appelle|m’appelle"
)
"""What stands before a name, in small letters: one or two words."""

PERSONS: Final = words(
    """
    son daughter wife husband kid child baby brother sister mother father mum mom dad uncle aunt cousin nephew niece grandmother
    grandfather grandma grandpa fiancé fiancée girlfriend boyfriend spouse ex-wife ex-husband stepson stepdaughter twin friend
    boss partner colleague neighbour neighbor flatmate roommate landlord landlady tenant assistant secretary solicitor lawyer
    attorney accountant broker adviser advisor agent manager supervisor nurse surgeon dentist plumber electrician cleaner
    mechanic driver passenger cyclist pedestrian witness claimant policyholder insured deceased beneficiary employee trainee
    intern teacher professor founder author singer actor actress director owner patient client customer
    mann frau sohn tochter kind bruder schwester mutter vater onkel tante nichte neffe cousine oma opa enkel enkelin
    grossmutter großmutter grossvater großvater freund freundin lebensgefährte lebensgefährtin partnerin chef chefin kollege
    kollegin nachbar nachbarin mitarbeiter mitarbeiterin vermieter vermieterin mieter mieterin fahrer fahrerin lenker lenkerin
    beifahrer beifahrerin zeuge zeugin kläger klägerin anwalt anwältin arzt ärztin hausarzt hausärztin berater beraterin
    vertreter vertreterin versicherungsnehmer versicherungsnehmerin versicherter versicherte verstorbene verstorbener
    begünstigter begünstigte patientin kunde kundin lehrer lehrerin inhaber inhaberin halter halterin
    mari femme fils fille enfant frère sœur mère père oncle tante cousin cousine neveu nièce ami amie copain copine conjoint
    conjointe époux épouse grand-mère grand-père voisin voisine patron patronne collègue locataire propriétaire bailleur
    assistante secrétaire avocat avocate conducteur conductrice passager passagère témoin assuré assurée victime
    bénéficiaire défunt défunte employé employée médecin infirmière conseiller conseillère courtier courtière directeur
    directrice
    """
)
"""Words for persons, in small letters, behind which a name may follow, after a comma too: "my late father, Cornelius"."""

LABELS: Final = words(
    """
    name names surname surnames lastname firstname forename nickname from to cc bcc patient customer client user author
    claimant claimants insured beneficiary beneficiaries employee employer driver owner tenant landlord witness witnesses
    reporter person attendees participants lead manager adviser advisor consultant by holder caller sender recipient spouse
    partner child father mother assignee assigned reviewer signatory policyholder student teacher doctor physician guest
    passenger buyer seller borrower lender applicant candidate nominee signed contact attn attention dear
    nom prénom prénoms vorname vornamen nachname familienname von an kopie kunde kundin patientin ansprechpartner
    ansprechpartnerin kontakt kontaktperson sachbearbeiter sachbearbeiterin bearbeiter bearbeiterin versicherungsnehmer
    versicherungsnehmerin versicherte versicherter fahrer fahrerin lenker halter halterin eigentümer mieter mieterin vermieter
    zeuge zeugin zeugen anrufer anruferin absender absenderin empfänger empfängerin teilnehmer teilnehmende begünstigte
    begünstigter antragsteller antragstellerin mitarbeiter mitarbeiterin verfasser autor unterzeichner unterschrift gez
    geschädigter geschädigte verletzter verletzte betreuer inhaber kontoinhaber gast anwesend
    de à assuré assurée assurés bénéficiaire conducteur conductrice témoin témoins propriétaire locataire bailleur employé
    employée expéditeur destinataire interlocuteur titulaire signataire patiente cliente demandeur lésé lésée victime
    participants présents auteur signé
    """
)
"""The last word before a colon (or a sign of equality) behind which a person is named."""

CLOSINGS: Final = words(
    """
    regards wishes sincerely yours thanks best cheers faithfully truly respectfully cordially love greetings appreciated advance
    grüßen grüße gruß grüssen grüsse gruss mfg lg vg hochachtungsvoll dank danke
    cordialement vôtre salutations remerciements vous amicalement sincèrement respectueusement amitiés distinguées distingués
    sentiments merci
    """
)
"""The last word of the line before a signature."""

HUMAN_ACTS: Final = tuple(
    phrases(
        " said| says| told| asked| asks| replied| wrote| writes| called| calls| phoned| paid| pays| confirmed| confirms| refused|"
        " signed| agreed| flew | went | came | met | joined | founded | plays | played | claims| claimed| thinks| thought| wants| wanted| works| worked| lives| lived| moved| married| died|"
        " was born| is ill| is sick| knows| knew| explained| complained| complains| promised| received| sent me| gave| took| saw|"
        " noticed| reported| lost his| lost her| has paid| has signed| has not paid| will call| will pay| will sign| here,| speaking|"
        "'s wife|'s husband|'s son|'s daughter|'s mother|'s father|'s sister|'s brother|'s car|'s birthday|'s address|'s house|"
        "'s phone|'s account| sagte| sagt | fragte| schrieb| schreibt| meldet | meldete| wohnt | arbeitet | rief | möchte | teilte |"
        " bezahlte| unterschrieb| kündigte| a dit| a écrit| a payé| a signé| a appelé| a demandé| a répondu| a reçu| a entendu|"
        " a vu | m'a | m’a | n'a pas| n’a pas| souhaite | habite | attend | travaille | demande | dit que| est née | est né "
    )
)
"""How a sentence goes on behind a person, and hardly ever behind a place or a thing."""

PARTICLES_BETWEEN: Final = frozenset(
    f" {particle} "
    for particle in phrases(
        "van|van der|van den|van de|vande|von|von der|von den|vom|zu|von und zu|de|de la|de las|de los|de le|del|della|"
        "di|da|das|do|dos|du|la|le|bin|ibn|ben|bint|ter|ten|op den|op de|av|af|y"
    )
) | {" al-", " el-", " d'", " d’", " 't ", " o'"}
"""What stands between two words of one name, in small letters."""
