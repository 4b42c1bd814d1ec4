"""What the recogniser of names must catch, and what it must leave alone."""

import time

import pytest

from tollhouse.privacy.reading import Reading
from tollhouse.privacy.recognisers.person import PersonRecogniser
from tollhouse.privacy.spans import settle

PERSONS = PersonRecogniser()

CAUGHT = [
    # Text, and the names in it, without titles and endings.
    ("My name is Katherine Osei and I lost my card.", ["Katherine Osei"]),
    ("my name is john smith and i lost my card", ["john smith"]),
    ("my name isn't important, my wife's name is Priya", ["Priya"]),
    ("Please don't tell Mr. Henderson about it.", ["Henderson"]),
    ("It was not Dr. Amelia Watson-Burke who signed.", ["Amelia Watson-Burke"]),
    ("Dear Mrs White, thank you.", ["White"]),
    ("the claim of Mark Brown was refused", ["Mark Brown"]),
    ("John's claim is still open", ["John"]),
    ("We spoke with K. Müller yesterday.", ["K. Müller"]),
    ("Szabina J Gelencsér sang.", ["Szabina J Gelencsér"]),
    ("signed: J.R.R. Tolkien", ["J.R.R. Tolkien"]),
    ("Vincent van der Berg and Ludwig von Mises met", ["Vincent van der Berg", "Ludwig von Mises"]),
    ("Ahmed al-Rashid called Siobhán O'Connor.", ["Ahmed al-Rashid", "Siobhán O'Connor"]),
    ("María del Carmen López lives there", ["María del Carmen López"]),
    ("Ask Sean McAllister.", ["Sean McAllister"]),
    ("Jean-Pierre wrote to Anne-Marie Dubois.", ["Jean-Pierre", "Anne-Marie Dubois"]),
    ("Best regards,\nKaterina", ["Katerina"]),
    ("Marrero and White were engineers.", ["Marrero", "White"]),
    ("Jørgensen, Wiśniewski and Papadopoulos signed.", ["Jørgensen", "Wiśniewski", "Papadopoulos"]),
    ("Tarkhat is very reliable, isn't he?", ["Tarkhat"]),
    ("Vinkaro M. Lezhan sang, and Vinkaro danced.", ["Vinkaro M. Lezhan", "Vinkaro"]),
    ("Remember me, Destiny? I am Tarkhat's daughter.", ["Destiny", "Tarkhat"]),
    ("my daughter Faith isn't insured", ["Faith"]),
    ("Park and Mann were engineers.", ["Park", "Mann"]),
    ("Ulbun: What a day!\nPeter: Indeed.", ["Ulbun", "Peter"]),
    ("olga krylova has not paid", ["olga krylova"]),
    ("it was natasha swift, not me", ["natasha swift"]),
    ("THE CLAIM OF OLGA KRYLOVA IS OPEN", ["OLGA KRYLOVA"]),
    ("Der Schaden wurde von Frau Dr. Sabine Möllenkamp gemeldet.", ["Sabine Möllenkamp"]),
    ("HERR MÜLLER HAT NICHT BEZAHLT", ["MÜLLER"]),
    ("Sehr geehrter Herr Yilmaz,", ["Yilmaz"]),
    ("Ich heiße Jürgen Schmidt und wohne nicht mehr dort.", ["Jürgen Schmidt"]),
    ("ich heiße jürgen schmidt", ["jürgen schmidt"]),
    ("Das ist nicht Petras Unfall, sondern Svetlanas.", ["Petra", "Svetlana"]),
    ("Der Zeuge K. hat nichts gesehen.", ["K."]),
    ("Rechtsanwältin Dr. Beate Krüger vertritt die Klägerin.", ["Beate Krüger"]),
    ("Mit freundlichen Grüßen\nAnneliese", ["Anneliese"]),
    ("Je m'appelle Chloé Lefèvre.", ["Chloé Lefèvre"]),
    ("Je ne suis pas Madame Dupont-Aignan.", ["Dupont-Aignan"]),
    ("Le sinistre de M. Benoît Gauthier n'est pas couvert.", ["M. Benoît Gauthier"]),
    ("Maître Isabelle Fontaine représente la victime", ["Isabelle Fontaine"]),
    ("Cordialement,\nThierry", ["Thierry"]),
    ("Sincerely yours,\n\nT. Oyelaran", ["T. Oyelaran"]),
    ("Approved by: Zavrelo Quembo, 12 June", ["Zavrelo Quembo"]),
    ('{"first_name": "Quembo", "city": "Bern"}', ["Quembo"]),
    ("Zavrelo Quembo\n12 Main Street\nBath", ["Zavrelo Quembo"]),
    ("1. Zavrelo Quembo\n2. Odwin Hask\n3. Anna Ngata", ["Zavrelo Quembo", "Odwin Hask", "Anna Ngata"]),
    ("Bien à vous,\n\nQuembo", ["Quembo"]),
    ("Quembo\n12 Main Street\nBath", ["Quembo"]),
    ("According to Quembo, nobody had locked the door.", ["Quembo"]),
    ("My late father, Quembo, had a policy with you.", ["Quembo"]),
    ("The heirs of Zavrelo Quembo ask for payment.", ["Zavrelo Quembo"]),
    ("I went with Grace to the garage; I think Rose has the key.", ["Grace", "Rose"]),
    ("Laut Zavrelin war die Tür nicht abgeschlossen.", ["Zavrelin"]),
    ("Unser Mitarbeiter Tesfaye Gebremedhin kommt am Dienstag.", ["Tesfaye Gebremedhin"]),
    ("D'après Zavrelin, la porte était ouverte.", ["Zavrelin"]),
    ("Ma voisine Zavrelin a entendu le bruit.", ["Zavrelin"]),
    ("Ο Γιώργος Παπαδόπουλος και ο Дмитрий Иванов", ["Γιώργος Παπαδόπουλος", "Дмитрий Иванов"]),
]

LEFT_ALONE = [
    "May I pay on Monday? Will the bank charge me?",
    "Please mark the rose and grant the will.",
    "My name is spelled wrong on the card.",
    "my name is not on the list",
    "Kubernetes is fast, and Postgres was slow. Emojis will do, said the Chatbot.",
    "Summarise: A car hit a fence. Nobody was hurt. Analyse: the colour.",
    "I am German and this is Switzerland.",
    "Dear Customer, dear Sir or Madam,",
    "The flight from Paris to Houston via Milan was late.",
    "Morgan Stanley Inc. and Johnson & Johnson Ltd. are insured.",
    "The Contractor shall deliver the Services to the Company under Section 5 of this Agreement.",
    "my daughter was there, and Terms and Conditions were sent",
    "We use Zaptrix at work; the Zaptrix is fast.",
    "Our Visa and Mastercard payments failed; Toyota and Mercedes too.",
    "THE CONTACT OWNS A 2006 FORD ESCAPE. WHILE DRIVING THE BRAKES FAILED.",
    "how do i top up my card with apple pay",
    "Der Vertrag über die Versicherung der Maschine endet im Mai.",
    "Die Klägerin Beschwerde eingelegt hat, ist unerheblich.",
    "Nach offensichtlicher Unbegründetheit der Beschwerde ist die Zahlung der Zinsen fällig.",
    "Der Koch, der Wolf und der Schneider sind im Garten.",
    "Ich bin Kunde und möchte kündigen.",
    "spiel bitte das nächste lied",
    "wie wird das wetter am montag in berlin",
    "La Société Générale a refusé le virement vers Lyon.",
    "Je suis client et la pierre est tombée.",
    "Le contrat n'est pas signé en mars.",
    "Write a Python function that reads a CSV into a Pandas DataFrame and sorts it.",
    "Why does Terraform want to replace my Aurora cluster? Airflow said nothing.",
    "Refactor the UserService class so that FindById throws NotFound.",
    "Elasticsearch is slow, Logstash has stopped and Kibana was never fast.",
    "Fix this: TypeError: Cannot read properties of undefined (reading 'Map')",
    "How do I mount a Volume in Docker Compose on Windows?",
    "The Kafka consumer lags behind; should I tune Flink or Spark?",
    "Does Svelte have hooks like React? Vue has refs, Angular has signals.",
    "Step 1: Install Node. Step 2: Run Npm. Step 3: Open Chrome.",
    "Status: Open\nPriority: High\nComponent: Billing\nAssignee: none",
    "Celebrate with us! Spring Sale: 20 % off all Laptops. Happy New Year!",
    "8. Severability. If a Clause is void, the Seller and the Buyer agree on another.",
    "Schreibe einen Test in Pytest, der die Klasse Warenkorb prüft.",
    "Der Server antwortet nicht, Nginx meldet einen Fehler und Redis ist voll.",
    "Warum ist Postgres bei diesem Join so langsam? Erkläre mir den Ausführungsplan.",
    "Erkläre den Unterschied zwischen Vererbung und Komposition in Kotlin.",
    "Mit freundlichen Grüssen\nIhre Versicherung",
    "Beste Grüße\nDas Team der Buchhaltung",
    "Kontakt: Kundendienst\nVorgang: Kündigung\nStatus: offen",
    "Comment configurer Nginx devant Django avec Docker ?",
    "Le serveur Tomcat ne démarre plus depuis la mise à jour de Debian.",
    "Pourquoi Symfony est-il plus lent que Laravel ?",
    "Écris une fonction en Rust qui trie une liste de Structs.",
    "Cordialement,\nLe Service Sinistres",
    "mail to john.smith@example.com or see https://example.com/Peter",
]


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in settle(PERSONS.find(Reading(text)))]


@pytest.mark.parametrize(("text", "names"), CAUGHT)
def test_names_are_found(text: str, names: list[str]) -> None:
    assert sorted(found(text)) == sorted(names)


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_is_no_name_is_left_alone(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "unit",
    [
        "A. ",
        "Maria ",
        "Müller-",
        "O'",
        "Mr. ",
        "maria ",
        "MARIA ",
        "my name is ",
        "X, ",
        "Smith and ",
        "van der ",
        "Ü",
        "'s",
    ],
)
def test_time_grows_with_the_length_of_the_text_only(unit: str) -> None:
    short, long = unit * (8_000 // len(unit)), unit * (64_000 // len(unit))

    took_short, took_long = (min(took(text) for _ in range(3)) for text in (short, long))

    assert took_long < 8 * took_short * 4 + 0.05  # eight times as long; quadratic would be sixty-four


def took(text: str) -> float:
    began = time.process_time()
    list(PERSONS.find(Reading(text)))
    return time.process_time() - began
