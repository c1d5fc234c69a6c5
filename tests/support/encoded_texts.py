"""Texts in many languages, each with the encodings in which such texts really come.

The first line of each is a sentence that can stand alone as a short text.
"""

from collections.abc import Iterator

WESTERN = ("cp1252", "iso8859_1", "iso8859_15", "cp850", "mac_roman")
CENTRAL = ("cp1250", "iso8859_2", "cp852")
BALTIC = ("cp1257", "iso8859_13")
CYRILLIC = ("cp1251", "iso8859_5", "cp866", "koi8_r")
UTF_16 = ("utf-16-le", "utf-16-be")

TEXTS: dict[str, tuple[tuple[str, ...], str]] = {
    "French": (
        (*WESTERN, "cp437"),
        "Le boulanger de la rue Molière a reçu hier une lettre très étrange de sa tante aînée.\n"
        "Elle y raconte qu'à Noël, près de la forêt, un âne a mangé tout le pain déjà préparé ; "
        "il a fallu en refaire à la hâte.",
    ),
    "German": (
        (*WESTERN, "cp437"),
        "Die Bäckerei am großen Platz öffnet für Kinder früher als für Erwachsene.\n"
        "Über dem Tor hängt ein Schild: Frische Brötchen kosten zwölf Groschen, süße Hörnchen "
        "mehr. Am Sonntag müssen wir länger schlafen.",
    ),
    "Spanish": (
        (*WESTERN, "cp437"),
        "El señor Ibáñez vendió su último camión el sábado por la mañana.\n"
        "¿Quién habría pensado que su compañera, la niña de la montaña, lo compraría? Según él, "
        "todavía está esperando la contraseña del garaje.",
    ),
    "Portuguese": (
        (*WESTERN, "cp860"),
        "A estação não abre aos sábados, mas o chefe João está sempre à porta.\n"
        "As crianças da povoação já sabem que há pão e maçãs para quem lhe der notícias do "
        "irmão; ninguém as dá sem razão.",
    ),
    "Italian": (
        WESTERN,
        "La città è già piena perché lunedì arriverà l'università con più libri.\n"
        "Chi verrà giovedì non troverà né posto né caffè; così dirà almeno la virtù del povero "
        "custode, che però non ci sarà.",
    ),
    "Dutch": (
        ("cp1252", "iso8859_15"),
        "De coördinator uit België heeft drie ideeën over de financiële crisis geërfd.\n"
        "Hij vroeg één keer om een efficiënte oplossing, maar het comité zei dat het te laat was "
        "voor een reünie met de patiënten.",
    ),
    "Swedish": (
        (*WESTERN, "cp437"),
        "Bagaren på ön säljer färska bröd till båtarna som går över sundet.\n"
        "På våren när isen bryter upp får alla små båtar ligga kvar på land; först då åker "
        "någon och köper mjöl åt honom.",
    ),
    "Danish": (
        WESTERN,
        "Bageren på øen sælger frisk brød, når færgen lægger til ved den gamle bro.\n"
        "Om foråret må alle små både blive på land, så længe isen går; først bagefter får han "
        "mel og æg fra købmanden.",
    ),
    "Norwegian": (
        WESTERN,
        "Bakeren på øya selger ferskt brød når båten kommer over fjorden.\n"
        "Om våren må alle små båter være på land så lenge isen går; først da får han mel fra "
        "kjøpmannen, som også eier løa.",
    ),
    "Finnish": (
        WESTERN,
        "Leipuri myy tuoretta leipää sillä aikaa kun vene on vielä järvellä.\n"
        "Keväällä jäät lähtevät, ja silloin kaikki pienet veneet jäävät rannalle; vasta sitten "
        "hän pääsee hakemaan jauhoja myllystä.",
    ),
    "Icelandic": (
        ("cp1252", "iso8859_1"),
        "Bakarinn á eyjunni selur nýtt brauð þegar báturinn kemur yfir fjörðinn.\n"
        "Á vorin verða allir litlir bátar að vera á landi meðan ísinn fer; þá fær hann mjöl og "
        "egg frá kaupmanninum, sem býr við höfnina.",
    ),
    "Polish": (
        CENTRAL,
        "Piekarz z wyspy sprzedaje świeży chleb, gdy łódź przypływa przez cieśninę.\n"
        "Wiosną wszystkie małe łodzie muszą leżeć na brzegu, dopóki lód nie puści; dopiero wtedy "
        "może kupić mąkę i jajka od swojej siostry Małgorzaty.",
    ),
    "Czech": (
        CENTRAL,
        "Pekař na ostrově prodává čerstvý chléb, když loď přijíždí přes úžinu.\n"
        "Na jaře musí všechny malé čluny ležet na břehu, dokud led neodejde; teprve potom může "
        "koupit mouku a vejce od své sestry Růženy, která žije ve městě.",
    ),
    "Slovak": (
        CENTRAL,
        "Pekár na ostrove predáva čerstvý chlieb, keď loď prichádza cez úžinu.\n"
        "Na jar musia všetky malé člny ležať na brehu, kým ľad neodíde; až potom môže kúpiť múku "
        "a vajcia od svojej sestry, ktorá býva v meste.",
    ),
    "Hungarian": (
        CENTRAL,
        "A szigeten élő pék friss kenyeret árul, amikor a hajó átjön a szoroson.\n"
        "Tavasszal minden kis csónaknak a parton kell maradnia, amíg a jég el nem megy; csak "
        "azután vehet lisztet és tojást a nővérétől, aki a városban él.",
    ),
    "Croatian": (
        CENTRAL,
        "Pekar na otoku prodaje svježi kruh kad brod dođe preko tjesnaca.\n"
        "U proljeće svi mali čamci moraju ležati na obali dok led ne ode; tek onda može kupiti "
        "brašno i jaja od svoje sestre, koja živi u Šibeniku i peče kolače.",
    ),
    "Slovenian": (
        CENTRAL,
        "Pek na otoku prodaja svež kruh, ko čoln pripluje čez ožino.\n"
        "Spomladi morajo vsi majhni čolni ležati na obali, dokler led ne odteče; šele potem lahko "
        "kupi moko in jajca od svoje sestre, ki živi v večjem mestu.",
    ),
    "Romanian": (
        CENTRAL,
        "Brutarul de pe insulă vinde pâine proaspătă când vine barca peste strâmtoare.\n"
        "Primăvara toate bărcile mici trebuie să rămână pe ţărm până pleacă gheaţa; abia atunci "
        "poate cumpăra făină şi ouă de la sora lui, care locuieşte la oraş.",
    ),
    "Lithuanian": (
        BALTIC,
        "Kepėjas saloje parduoda šviežią duoną, kai laivas atplaukia per sąsiaurį.\n"
        "Pavasarį visos mažos valtys turi gulėti ant kranto, kol ledas išeina; tik tada jis gali "
        "pirkti miltų ir kiaušinių iš savo sesers, kuri gyvena mieste.",
    ),
    "Latvian": (
        BALTIC,
        "Maiznieks uz salas pārdod svaigu maizi, kad kuģis nāk pāri jūras šaurumam.\n"
        "Pavasarī visām mazajām laivām jāguļ krastā, kamēr ledus aiziet; tikai tad viņš var "
        "pirkt miltus un olas no savas māsas, kas dzīvo pilsētā.",
    ),
    "Estonian": (
        ("cp1257", "iso8859_15", "cp1252"),
        "Saare pagar müüb värsket leiba, kui laev tuleb üle väina.\n"
        "Kevadel peavad kõik väikesed paadid rannal olema, kuni jää läheb; alles siis võib ta "
        "osta jahu ja mune oma õe käest, kes elab mõisa lähedal.",
    ),
    "Turkish": (
        ("cp1254", "iso8859_9", "cp857"),
        "Adadaki fırıncı, gemi boğazdan geçince taze ekmek satıyor.\n"
        "İlkbaharda buz gidene kadar bütün küçük kayıklar kıyıda kalmalı; ancak o zaman şehirde "
        "yaşayan kız kardeşinden un ve yumurta alabiliyor.",
    ),
    "Russian": (
        (*CYRILLIC, "mac_cyrillic", *UTF_16),
        "Пекарь на острове продаёт свежий хлеб, когда корабль приходит через пролив.\n"
        "Весной все маленькие лодки должны лежать на берегу, пока не уйдёт лёд; только потом он "
        "может купить муку и яйца у своей сестры, которая живёт в городе.",
    ),
    "Ukrainian": (
        ("cp1251", "koi8_u", "iso8859_5", *UTF_16),
        "Пекар на острові продає свіжий хліб, коли корабель приходить через протоку.\n"
        "Навесні всі маленькі човни повинні лежати на березі, поки не зійде крига; лише потім "
        "він може купити борошно і яйця у своєї сестри, яка живе в місті.",
    ),
    "Bulgarian": (
        ("cp1251", "iso8859_5"),
        "Пекарят на острова продава пресен хляб, когато корабът идва през пролива.\n"
        "През пролетта всички малки лодки трябва да лежат на брега, докато ледът се стопи; едва "
        "след това той може да купи брашно и яйца от сестра си.",
    ),
    "Serbian": (
        ("cp1251", "iso8859_5"),
        "Пекар на острву продаје свеж хлеб кад брод дође преко мореуза.\n"
        "У пролеће сви мали чамци морају да леже на обали док лед не оде; тек онда може да купи "
        "брашно и јаја од своје сестре, која живи у граду.",
    ),
    "Greek": (
        ("cp1253", "iso8859_7", "cp737", *UTF_16),
        "Ο φούρναρης στο νησί πουλάει φρέσκο ψωμί όταν έρχεται το καράβι από το στενό.\n"
        "Την άνοιξη όλες οι μικρές βάρκες πρέπει να μένουν στην ακτή ώσπου να φύγει ο πάγος· "
        "μόνο τότε αγοράζει αλεύρι και αυγά από την αδελφή του.",
    ),
    "Hebrew": (
        ("cp1255", "iso8859_8", "cp862", *UTF_16),
        "האופה באי מוכר לחם טרי כאשר הספינה באה דרך המצר.\n"
        "באביב כל הסירות הקטנות צריכות להישאר על החוף עד שהקרח ייעלם; רק אז הוא יכול לקנות קמח "
        "וביצים מאחותו שגרה בעיר.",
    ),
    "Arabic": (
        ("cp1256", "iso8859_6", *UTF_16),
        "يبيع الخباز في الجزيرة خبزا طازجا عندما تأتي السفينة عبر المضيق.\n"
        "في الربيع يجب أن تبقى كل القوارب الصغيرة على الشاطئ حتى يذهب الجليد، وعندها فقط يمكنه "
        "أن يشتري الدقيق والبيض من أخته التي تسكن في المدينة.",
    ),
    "Persian": (
        ("cp1256", *UTF_16),
        "نانوا در جزيره نان تازه مي فروشد وقتي که کشتي از تنگه مي آيد.\n"
        "در بهار همه قايق هاي کوچک بايد در ساحل بمانند تا يخ برود و تنها پس از آن او مي تواند "
        "از خواهر خود آرد بخرد.",
    ),
    "Thai": (
        ("tis_620", "cp874", *UTF_16),
        "คนทำขนมปังบนเกาะขายขนมปังสดเมื่อเรือมาถึงจากช่องแคบ\n"
        "ในฤดูใบไม้ผลิเรือเล็กทุกลำต้องอยู่บนฝั่งจนกว่าน้ำแข็งจะละลาย แล้วเขาจึงซื้อแป้งและไข่จากพี่สาวของเขาที่อยู่ในเมือง",
    ),
    "Japanese": (
        ("shift_jis", "cp932", "euc_jp", "iso2022_jp", *UTF_16),
        "島のパン屋は、船が海峡を渡って来ると焼きたてのパンを売ります。\n"
        "春になって氷がとけるまで、小さな舟はみんな岸に置いておきます。それから町に住む姉から小麦粉と卵を買います。",
    ),
    "Chinese": (
        ("gb18030", "gbk", "gb2312", *UTF_16),
        "岛上的面包师在船穿过海峡的时候出售新鲜的面包。\n"
        "春天冰融化以前，所有的小船都要留在岸上；然后他才能从住在城里的姐姐那里买到面粉和鸡蛋。",
    ),
    "Chinese (traditional)": (
        ("big5", "cp950", *UTF_16),
        "島上的麵包師在船穿過海峽的時候出售新鮮的麵包。\n"
        "春天冰融化以前，所有的小船都要留在岸上；然後他才能從住在城裡的姐姐那裡買到麵粉和雞蛋。",
    ),
    "Korean": (
        ("euc_kr", "cp949", *UTF_16),
        "섬의 빵집 주인은 배가 해협을 건너올 때 갓 구운 빵을 팝니다.\n"
        "봄에 얼음이 녹을 때까지 작은 배들은 모두 물가에 두어야 합니다. "
        "그다음에야 도시에 사는 누나에게서 밀가루와 달걀을 살 수 있습니다.",
    ),
}  # fmt: skip


def encoded_texts() -> Iterator[tuple[str, str, str]]:
    """Yield (language, encoding, text) for each text, whole and as its first line alone."""
    for language, (encodings, text) in TEXTS.items():
        for encoding in encodings:
            yield language, encoding, text + "\n"
            yield language, encoding, text.split("\n")[0] + "\r\n"
