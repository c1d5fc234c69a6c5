"""The questions that are suggested, in the languages in which they are put; English otherwise."""

from __future__ import annotations

from types import MappingProxyType

PHRASES = MappingProxyType(
    {
        "english": {
            "person": "Who is {0}?",
            "persons": "What does {0} have to do with {1}?",
            "place": "What happens in {0}?",
            "told": "What happens in “{0}”?",
            "section": "What does “{0}” say?",
            "clause": "What does {0} say?",
            "speaker": "What does {0} say about {1}?",
            "decided": "What was decided?",
            "errors": "Which errors does {0} have?",
            "refused": "Which requests for {0} failed?",
            "event": "When does “{0}” happen?",
            "cell": "What is given as {0} for {1}?",
            "word": "What does the text say about {0}?",
            "whole": "What is the text about?",
        },
        "german": {
            "person": "Wer ist {0}?",
            "persons": "Was hat {0} mit {1} zu tun?",
            "place": "Was geschieht in {0}?",
            "told": "Was geschieht in „{0}“?",
            "section": "Was steht unter „{0}“?",
            "clause": "Was besagt {0}?",
            "speaker": "Was sagt {0} über {1}?",
            "decided": "Was wurde beschlossen?",
            "errors": "Welche Fehler hat {0}?",
            "refused": "Welche Anfragen nach {0} schlugen fehl?",
            "event": "Wann geschieht „{0}“?",
            "cell": "Was ist als {0} für {1} angegeben?",
            "word": "Was sagt der Text über {0}?",
            "whole": "Worum geht es in dem Text?",
        },
        "french": {
            "person": "Qui est {0} ?",
            "persons": "Quel est le lien entre {0} et {1} ?",
            "place": "Que se passe-t-il à {0} ?",
            "told": "Que se passe-t-il dans « {0} » ?",
            "section": "Que dit « {0} » ?",
            "clause": "Que dit l’{0} ?",
            "speaker": "Que dit {0} au sujet de {1} ?",
            "decided": "Qu’a-t-on décidé ?",
            "errors": "Quelles erreurs a {0} ?",
            "refused": "Quelles demandes de {0} ont échoué ?",
            "event": "Quand « {0} » se produit-il ?",
            "cell": "Quel {0} est indiqué pour {1} ?",
            "word": "Que dit le texte au sujet de {0} ?",
            "whole": "De quoi parle le texte ?",
        },
        "spanish": {
            "person": "¿Quién es {0}?",
            "persons": "¿Qué tiene que ver {0} con {1}?",
            "place": "¿Qué sucede en {0}?",
            "told": "¿Qué sucede en «{0}»?",
            "section": "¿Qué dice «{0}»?",
            "clause": "¿Qué dice el {0}?",
            "speaker": "¿Qué dice {0} sobre {1}?",
            "decided": "¿Qué se decidió?",
            "errors": "¿Qué errores tiene {0}?",
            "refused": "¿Qué peticiones de {0} fallaron?",
            "event": "¿Cuándo sucede «{0}»?",
            "cell": "¿Qué {0} se indica para {1}?",
            "word": "¿Qué dice el texto sobre {0}?",
            "whole": "¿De qué trata el texto?",
        },
    }
)


def phrase(language: str, kind: str, *names: str) -> str:
    """A question of a kind about names, in a language by Snowball's name, or in English.

    >>> phrase("german", "person", "Anna"), phrase("finnish", "person", "Anna")
    ('Wer ist Anna?', 'Who is Anna?')
    """
    return PHRASES.get(language, PHRASES["english"])[kind].format(*names)
