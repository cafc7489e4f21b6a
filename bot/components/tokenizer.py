"""Cuts messages into Chinese words, with standard numbers and other codes kept whole."""

from __future__ import annotations

from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message

from bot.components.sources import knowledge_fingerprint
from knowledge import words


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class ChineseTokenizer(Tokenizer):
    """jieba with our dictionary, through `knowledge.words.cut`.

    Only components that read tokens need it; our own classifier and entity
    finder read the text.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"intent_tokenization_flag": False, "intent_split_symbol": "_"}

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        # jieba reads its dictionary on first use; better now than in a customer's turn.
        words.cut("压力表")

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        # Rasa hashes only this class; the dictionary decides what it does.
        return knowledge_fingerprint()

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        text = message.get(attribute)
        tokens = []
        start = 0
        for word in words.cut(text):
            at = text.find(word, start)
            if at >= 0 and word.strip():
                tokens.append(Token(word, at))
                start = at + len(word)
        return tokens
