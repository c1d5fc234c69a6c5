"""Stop words: words that say nothing about the subject of a text, by language."""

from __future__ import annotations

from collections.abc import Iterable

from storage.languages import DEFAULT_LANGUAGE

STOP_WORDS = frozenset(
    """
    a about after again all also am an and any are as at be because been before being both but
    by can could d did didn do does doesn doing during each else ever for from had has have
    having he her here hers him his how i if in into is isn it its itself just let ll m me more
    most much must my no nor not now of on once only or other our out please re s same say says
    shall she should show so some such t tell than that the their them then there these they
    this those through to too until up upon ve very was wasn we were weren what when where which
    while who whom whose why will with would you your
    """.split()
)
"""English words that say nothing about the subject of a text; also used to compare answers."""

STOP_WORDS_OF: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "german": """aber alle als am an auf aus bei bin bis da das dass dem den der des die dies
            diese dieser dieses du durch ein eine einem einen einer eines er es fuer fur gibt hat
            hatte ich ihr im in ist kann man mit nach nicht noch nur oder sehr seit sich sie sind so
            um und uns unter vom von vor wann war waren warum was welche welcher welches wem wen
            wenn wer ueber werden wessen wie wieso wird wo wofuer wofur woher wohin wurde wurden zu
            zum zur uber""",
        "french": """a ai au aux avec c ce cela ces cet cette comment d dans de des du elle elles en
            est et etait etaient il ils j je l la le les leur leurs lui m mais n ne nous on ont ou
            par pas plus pour pourquoi qu quand que quel quelle quelles quels qui quoi s sa se ses
            si son sont sur t un une vous y""",
        "spanish": """a al como con cual cuales cuando cuanto cuantos de del donde el ella ellas
            ellos en era es esta estan este esto fue ha hay la las le lo los mas no nos o para pero
            por porque que quien quienes se ser si sin sobre son su sus un una unas unos y ya""",
        "italian": """a ai al alla alle c che chi come con cosa cui da dal dalla d de dei del della
            delle di dove e era gli ha i il in io l la le lo ma nel nella non o per perche piu qual
            quale quali quando quanti quanto se si sono su sul sulla un una uno""",
        "portuguese": """a ao aos as com como da das de do dos e ela ele em era esta foi ha isso
            mais mas na nas no nos o onde os ou para pela pelo por porque qual quais quando quantos
            que quem se sem seu seus sua suas um uma""",
        "dutch": """aan als bij dan dat de der deze die dit door een en er had heeft het hij hoe
            hun ik in is je kan maar met naar niet nog of om onder ook op over te tot uit van
            voor waar waarom wanneer was wat we welk welke werd wie wordt ze zich zij zijn""",
        "swedish": """att av av da de dem den det dig du ej en ett for fran han hade har hon hur
            i inte jag kan med men mig nar och om pa sa som till ut vad var varfor vem vid vilka
            vilken vilket ar""",
        "russian": """а без был была были было в вы где да для до его ее если есть еще же за и из
            или их к как какая какие какой когда кого кому которая которые который кто ли мы на не
            него нее но о об он она они оно от по почему при с сколько со так также то того тоже
            только ты у уже чего чем что чтобы это этот эта эти я""",
    }.items()
}
"""Those of some other languages, folded, for questions to texts in them."""


def guess_language(words: Iterable[str]) -> str:
    """Return the language whose stop words most of the folded words are; English if none leads.

    A question is too short for `storage.languages.detect_language`.
    """
    words = list(words)
    counts = {
        language: sum(word in stop_words for word in words)
        for language, stop_words in {DEFAULT_LANGUAGE: STOP_WORDS, **STOP_WORDS_OF}.items()
    }
    return max(counts, key=lambda language: counts[language])
