"""
What each recogniser of structured data must catch and must not catch, one table for each.

`«…»` marks what is to be found; a line without marks holds nothing for that recogniser.
"""

import re
from collections.abc import Callable

import pytest

from tollhouse.privacy.reading import Reading
from tollhouse.privacy.recogniser import Recogniser
from tollhouse.privacy.recognisers.age import AgeRecogniser
from tollhouse.privacy.recognisers.ahv import AhvRecogniser
from tollhouse.privacy.recognisers.bic import BicRecogniser
from tollhouse.privacy.recognisers.birth_date import BirthDateRecogniser
from tollhouse.privacy.recognisers.card import CardRecogniser
from tollhouse.privacy.recognisers.credential_url import CredentialUrlRecogniser
from tollhouse.privacy.recognisers.date import DateRecogniser
from tollhouse.privacy.recognisers.email_address import EmailRecogniser
from tollhouse.privacy.recognisers.iban import IbanRecogniser
from tollhouse.privacy.recognisers.identity_document import IdentityDocumentRecogniser
from tollhouse.privacy.recognisers.idnr import IdNrRecogniser
from tollhouse.privacy.recognisers.ip_address import IpAddressRecogniser
from tollhouse.privacy.recognisers.licence_plate import LicencePlateRecogniser
from tollhouse.privacy.recognisers.national_id import NationalIdRecogniser
from tollhouse.privacy.recognisers.nino import NinoRecogniser
from tollhouse.privacy.recognisers.nir import NirRecogniser
from tollhouse.privacy.recognisers.phone import PhoneRecogniser
from tollhouse.privacy.recognisers.secret import SecretRecogniser
from tollhouse.privacy.recognisers.ssn import SsnRecogniser
from tollhouse.privacy.recognisers.vat import VatRecogniser
from tollhouse.privacy.spans import settle

TABLES: dict[Callable[[], Recogniser], tuple[str, ...]] = {
    EmailRecogniser: (
        "Write to «ann@example.com».",
        "mailto:«ann.o'neil+list@mail.example.co.uk»?subject=x",
        "«müller@bücher.example» und «jürgen@xn--bcher-kva.xn--p1ai»",
        "'«ann@example.com»', <«bob@example.org»>; (\"«carl@example.net»\")",
        "redirect?user=«ann%40example.com»&x=1",
        "«ann [at] example [dot] com», «bob (at) example.org», «carl(ät)example(punkt)de»",
        "@dataclass and @property, see foo@ and icon@2x.png",
        "git clone git@github.com:group/project.git",
        "meet (at noon) or [at home] @ 5",
        "react@18.2.0 and @types/node@20.1.4",
    ),
    CredentialUrlRecogniser: (
        "open «postgres://user:p@ss/w0rd@db.example.com:5432/app?ssl=1».",
        "«https://ann:secret@example.com/path», then",
        "clone «https://ghp0123456789abcdef@github.com/a/b.git»",
        "«redis://:hunter2@cache:6379/0»",
        "https://example.com/@ann/profile and https://example.com:8080/a@b",
        "ssh://git@github.com/a/b and mailto://x http://a@b",
        "http://[::1]:8080/ and ://:@://:@",
    ),
    SecretRecogniser: (
        "my key is «sk-proj-AbCdEf0123456789AbCdEf0123456789»",
        "token «ghp_0123456789abcdefghijABCDEFGHIJ012345» leaked",
        "«AKIAIOSFODNN7EXAMPLE» / «xoxb-1234567890-0987654321-AbCdEfGhIjKl»",
        "«glpat-AbCdEf0123456789-_xy», «AIzaSyA0123456789abcdefghijklmnopqrstuv»",
        "Authorization: Bearer «eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dBjftJeZ4CVPmB92K27uhbUJU1p1r»",
        "key:\n«-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA04up8hoqzS1\n+abcd/==\n-----END RSA PRIVATE KEY-----»\nrest",
        "«-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF»",
        "password: «hunter»",
        "password=«s3cr3t!x», user=ann",
        'PASSWORD := "«correct-horse»"',
        "Mein Passwort lautet «Geh3im!». Danke",
        "Kennwort: «Sommer2024»",
        "le mot de passe est «Soleil2024» et",
        "mot de passe : «azerty12»",
        "your pin is «4711», PIN: «0815», PIN-Code «123456»",
        'api_key = "«abcd1234efgh5678ijkl»"',
        "client_secret: «Zx9kLmN3pQ7rSt1vWy5z»",
        '{"user": "ann", "password": "«abc123»", "pin":"«1234»"} {\\"pwd\\":\\"«x9y8z7»\\"}',
        "<password>«abc123»</password>",
        "Authorization: Bearer «abcdefGHIJ1234567890klmnOPQR»",
        "AWS_SECRET_ACCESS_KEY=«wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY»",
        "https://example.com/reset?token=«Zx9kLmN3pQ7rSt1vWy5z»&user=1",
        "the passwords for wifi are: none",
        "Der Schlüssel: «a8Fk29sLq0Zx7Wm3» gehört dir",
        "Password required. The password is incorrect, so reset it.",
        "Passwort: siehe unten. Das Passwort ist abgelaufen.",
        "le mot de passe est incorrect",
        "A token is a piece of a word; the key findings pass the test.",
        "tokens: 1234567890123456 used, key: value, api: https://api.example.com/v1/chat",
        "The ski-lift and ask-me-anything; spinning 2024, Spin 1234",
        "sk-1 and task-management-system-overview-page",
    ),
    IbanRecogniser: (
        "IBAN «CH93 0076 2011 6238 5295 7» und",
        "auf «DE89370400440532013000», danke",
        "«FR14 2004 1010 0505 0001 3M02 606», «GB29-NWBK-6016-1331-9268-19»",
        "«gb29nwbk60161331926819» «NO9386011117947» «MT84MALT011000012345MTLCAST001S»",
        "my iban is «DE88370400440532013000»",  # a slip in its digits
        "ref DE88370400440532013000",
        "CH93 0076 and DE12, FR14 2004; XX12 3456 7890 1234 5678",
        "ee20584a-d2ea-c607-35f5-1294eac70360",  # its check digits are good by chance
        "SHA DE89aa370400440532013000bbccddeeff",
    ),
    CardRecogniser: (
        "card «4111 1111 1111 1111», «5555-5555-5555-4444»",
        "«4111111111111111» «378282246310005» «3782 822463 10005» «30569309025904»",
        "my card «501864667909» (Maestro) and cc «4222222222222»",
        "Kartennummer «4111 1111 1111 1112»",
        "CVV: «123», Sicherheitscode",
        "order 4111111111111112, EAN 4006381333931, ISBN 9783161484100",
        "timestamp 1700000000000 and 1700000000000000",
        "0.4111111111111111 and a4111111111111111 and 4111111111111111.5",
        "amounts 4 111 111 111 111 111 and 0000 0000 0000 0000",
        "uuid 550e8400-e29b-41d4-a716-446655440000",
    ),
    BicRecogniser: (
        "BIC «DEUTDEFF», SWIFT: «BNPAFRPPXXX»",
        "to «UBSWCHZH80A» please",
        "swift code is «CRESCHZZ80A»",
        "SWIFT is a language; BIC pens; DOCUMENT and PASSWORD",
        "ABSTRACT ADDITION 2024 PROJECTS",
    ),
    IpAddressRecogniser: (
        "from «192.168.14.7» to «8.8.8.8»:53, «10.0.0.1»/24",
        "http://«172.16.254.1»/login",
        "«2001:db8:85a3::8a2e:370:7334» and «fe80::1ff:fe23:4567:890a»",
        "[«2001:0db8:85a3:0000:0000:8a2e:0370:7334»]:443",
        "127.0.0.1, 0.0.0.0, ::1, 255.255.255.0",
        "upgrade from 15.0.10.19 to 28.9.0.12",
        "version 1.2.3.4 and v10.11.12.13 and Chrome/120.0.6099.71",
        "section 4.1.2.3 and 3.2.1.1 Scope and 256.1.1.1 and 1.2.3.4.5",
        "std::vector<int>, a[::2], 12:30:45, 00:1A:2B:3C:4D:5E, x::y, a::b",
    ),
    AhvRecogniser: (
        "AHV «756.9217.0769.85», «7569217076985», «756 9217 0769 85»",
        "«756.1234.5678.99» with a slip",
        "7561234567899 and 757.9217.0769.85 and x7569217076985",
        "1756.9217.0769.85",
    ),
    NirRecogniser: (
        "NIR «2 69 05 49 588 157 80», «269054958815780», «1.84.12.76.451.089.46»",
        "n° sécu, Corse : «1 55 08 2A 004 123»",
        "numéro de sécu «2 69 05 49 588 157 81», assurée",
        "269054958815781 and 12690549588157801 and 2 69 05 49",
        "1 234 567 890 123 456",
    ),
    IdNrRecogniser: (
        "Steuer-ID «86 095 742 719», «86095742719»",
        "IdNr. «12 345 678 901»",
        "Steuernummer «93/815/08152», St.-Nr. «181/815/08155»",
        "86095742718 and 01234567890 and 11111111111",
        "86.095.742.719 Euro and 86095742719,50",
    ),
    NinoRecogniser: (
        "NINO «AB 12 34 56 C», «AB123456C», «ab123456c» my nino «ab123456c»",
        "«JG-12-13-16-A»",
        "BG123456A, AB123456E, QQ12345 and XAB123456C",
        "AB 12 34",
    ),
    SsnRecogniser: (
        "«536-90-4399», SSN «536 90 4399», social security number «536904399»",
        "000-12-3456, 666-12-3456, 536-00-4399, 536-90-0000, 987-12-3456",
        "536904399 and 536 90 4399 and 1-536-90-4399-1x and 2024-10-1234",
    ),
    VatRecogniser: (
        "«DE136695976», «ATU13585627», «FR 40 303265045», «FR40303265045»",
        "«CHE-107.787.577 MWST», «CHE107787577»",
        "«GB980780684», «IT00743110157», «NL004495445B01», «PL8567346215», «ESB58378431»",
        "USt-IdNr. «DE136695977»",
        "DE136695977 and DE 2024 and IT 2023 and SE 20240101",
        "CHE is a country; FR 12 345 and GB 12345",
    ),
    NationalIdRecogniser: (
        "«RSSMRA85T10A562S», DNI «54362315K», NIE «X2482300W»",
        "PESEL «44051401359», BSN «111222333», personnummer «811228-9874»",
        "SVNR «1234 010180», Sozialversicherungsnummer «12 345678 A 123»",
        "NHS number «943 476 5919», CPF «390.533.447-05»",
        "54362315A and RSSMRA85T10A562X and 44051401359",
        "the dni of 2024, pesels 12",
    ),
    IdentityDocumentRecogniser: (
        "my passport «X1234567» is lost, Passport No. «533401372»",
        "passport number is «533401372»",
        "Reisepass-Nr. «C01X00T47», passeport n° «12AB34567»",
        "Personalausweis «T220001293», carte d'identité «880692310285», CNI: «D2H6862M2»",
        "driver's license «D1234567», Führerschein «B072RRE2I55», permis de conduire «950575200318»",
        "«P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<»\n«L898902C36UTO7408122F1204159ZE184226B<<<<<10»",
        "The passport expires on 03.09.2031 and was issued 2021-09-03.",
        "passport photo, identity card readers, 5 licences, passport 12",
        "vector<<int>> and 1 << 20",
    ),
    BirthDateRecogniser: (
        "born on «3 May 1980», DOB: «02/11/1975», date of birth «1991-02-03»",
        "Geburtsdatum: «03.09.1980», geb. «3.9.80», geboren am Mittwoch, dem «3. September 1980»",
        "né le «12 mars 1975», née le «1er août 1969», Né(e) le : «03/09/1980»",
        "Date de naissance «3-9-1980»; birthday is «May 3, 1980»; born «September 3rd, 1980»",
        "* «03.09.1980» in Bern",
        "«6/24/1991» is my date of birth",
        "on 3 May 1980 it rained; invoice of 03.09.2024; since 1980",
        "born in 1980, gebürtig, airborne 03.09.2024 flight",
    ),
    LicencePlateRecogniser: (
        "«AB-123-CD» parked, «M-AB 1234», «B-MW 123E», «AB12 CDE»",
        "Kennzeichen «ZH 123456», plate «7ABC123», Kontrollschild «BE 4711»",
        "immatriculation «AB 123 CD»",
        "DIN-A 4, ISO-AB 12, DE-BW 2024, A4, section B-2",
        "ZH 123456 and BE 2024 and AG 2015",
        "plates were broken",
    ),
    PhoneRecogniser: (
        "«+41 79 123 45 67», «+41791234567», «+49 (0)30 1234567», «+1-984-182-0190»",
        "«0041 44 668 18 00», «001-518-640-0854», «+44 7700 900123»",
        "«079 123 45 67», «01.84.17.61.18», «030/1234567», «07700 900 123», «(030) 1234567»",
        "«(212) 555-1234», «212-555-1234», «1-541-754-3010x123», «780.999.2181»",
        "call me on «9472 7916», Tel. «61 234 56 78», «655 437 108» office",
        "Tél. : «06 12 34 56 78» ou «0612345678»; Handy «0791234567»",
        "Tel\u00a0«079\u202f123\u202f45\u202f67», fax «٠٧٩ ١٢٣ ٤٥ ٦٧»",
        "«(+41) 79 123 45 67», «+(49) 30 1234567», «+33 (0) 1 42 68 53 00», Tel.: «0 61 31 / 123 45»",
        "«079 123 45 67» «031 987 65 43»",
        "please call «9123456789», reach me at «9123456789», phone 2: «1735935487»",
        "not answering at «71-33-52-22»",
        "2024-01-05 10:20:30, 05.01.2024, 01/05/2024, 1999-2024, 2023/24",
        "1 234 567 EUR, CHF 655 437 108, 12 345 678 units, 3.1415926535, 1.234.567,89 €",
        "the call to f(4766) returned 1735935487 and the contact form 1735935487",
        "Ersatz ab 1. 6. 2012 und 2.718281 + 27369880, trade mark 005 729 819",
        "order number 0123456789, Kundennummer 079 123 45 67, ISBN 978-3-16-148410-0",
        "+999 123 456 78, +1 234 567 89, +41 79 123 4567 89, 0099 123 456 789",
        "+12 %, 10+20, +100 000 000 EUR, 1234567, 20240105, 0.123456789",
        "a716-446655440000, x0791234567, 0791234567a, 536-90-4399",
        "Az. 12 O 345/20, BGHZ 123, 456; pages 123-456, 10'000'000",
    ),
    DateRecogniser: (
        "on «3 May 1980», «May 3, 1980», «3. Mai 1980», «12 mars 1975», «1980-05-03», «03.05.80»",
        "in 1980, at 12:30, 1.5.2.9, 99/99/9999",
    ),
    AgeRecogniser: (
        "«42» years old, aged «42», «42»-jährig, «42» ans, turned «69»",
        "42 items, age 42.5 %, in 42 years",
    ),
}

ROWS = [(recogniser, line) for recogniser, lines in TABLES.items() for line in lines]


@pytest.mark.parametrize(("recogniser", "line"), ROWS)
def test_it_catches_what_it_must_and_nothing_else(recogniser: Callable[[], Recogniser], line: str) -> None:
    text = re.sub("[«»]", "", line)

    spans = settle(recogniser().find(Reading(text)))

    assert [text[span.start : span.end] for span in spans] == re.findall("«(.*?)»", line, flags=re.DOTALL)
