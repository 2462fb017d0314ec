import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from core_api.kit.clock import FixedClock
from core_api.kit.db import Sessions
from knowledge.entries import service
from knowledge.entries.schemas import Content, EntryDetail, Live
from knowledge.search import index, pairs
from knowledge.search.dense import EncoderUnavailable, StaticEncoder, save, tokens_of
from knowledge.search.finder import SHIPPED, Finder
from knowledge.search.rules import decide, shipped
from knowledge.search.text import Analyser
from knowledge.starter import service as starter
from knowledge.upkeep import library_digest
from tests.knowledge.conftest import PARKING, Publish

NOW = datetime(2026, 11, 21, tzinfo=UTC)
Base = dict[str, EntryDetail]


def live(number: int, question: str, *variants: str) -> Live:
    text_id = UUID(int=number)
    content = Content(question=question, variants=variants, text_chat="答案")
    return Live(entry_id=text_id, key=f"k{number}", revision_id=text_id, revision=1, content=content)


LIVES = [live(1, "保存费怎么交", "冷冻费怎么缴"), live(2, "医院能停车吗", "停车场在哪里"), live(3, "怎么开发票")]


TAUGHT = [
    live(1, "停车场在哪里", "泊车的地方", "车停哪里", "哪里能泊车"),
    live(2, "怎么开发票", "开票找谁", "发票怎么开"),
]


@pytest.fixture(scope="module")
def small() -> index.Index:
    return index.build(LIVES, Analyser({"泊位": "停车场"}), None, 1, 0)


def first(found: index.Index, text: str) -> str | None:
    hits = found.search(text, shipped(), NOW)
    return hits[0].key if hits else None


@pytest.mark.unit
class TestSearch:
    @pytest.mark.parametrize(
        ("text", "key"),
        [
            ("请问保存费怎么交呀", "k1"),
            ("冷冻匪怎么缴", "k1"),
            ("冷凍費怎麼繳", "k1"),
            ("停车场在那里", "k2"),
            ("泊位在哪里", "k2"),
            ("開發票", "k3"),
            ("<b>怎么开发票</b>", "k3"),
        ],
    )
    def test_wordings_sounds_and_synonyms_find_the_entry(self, small: index.Index, text: str, key: str) -> None:
        assert first(small, text) == key

    @pytest.mark.parametrize("text", ["", "😀", "？！", "hello there", "x" * 100_000, "\0\n\t"])
    def test_what_shares_nothing_finds_nothing_worth_offering(self, small: index.Index, text: str) -> None:
        kind, given = decide(small.search(text, shipped(), NOW), small.judge(shipped()))
        assert (kind, given) == ("none", ())

    def test_the_same_words_score_one(self, small: index.Index) -> None:
        hit = small.search("怎么开发票？", shipped(), NOW)[0]
        assert (hit.parts.characters, hit.parts.syllables, hit.parts.coverage) == (1.0, 1.0, 1.0)

    def test_a_change_replaces_and_adds_without_a_new_build(self, small: index.Index) -> None:
        gone = LIVES[2].model_copy(update={"content": None})
        changed = small.with_changes(2, [live(1, "续费找谁"), live(4, "食堂几点开饭"), gone])
        assert (first(changed, "食堂几点开饭"), first(changed, "续费找谁")) == ("k4", "k1")
        assert first(changed, "怎么开发票") != "k3"
        assert changed.view().entries == 3
        assert first(small, "怎么开发票") == "k3"


def decided(found: index.Index, text: str) -> tuple[str, list[str]]:
    kind, given = decide(found.search(text, shipped(), NOW), found.judge(shipped()))
    return kind, [hit.key for hit in given]


@pytest.fixture(scope="module")
def grown() -> index.Index:
    """All that ships, with an entry that was published since under words that nobody used before."""
    lives = [live(number, one.question, *one.variants) for number, (_, one) in enumerate(starter.contents(), 1)]
    built = index.build(lives, Analyser(), StaticEncoder.load(SHIPPED), 1, 0)
    return built.with_changes(2, [live(9001, "病房能带宠物鹦鹉吗"), live(9002, "熄灯是几点", "晚上十点熄灯吗")])


@pytest.mark.unit
class TestWhatIsAWordingItself:
    @pytest.mark.parametrize(
        "text", ["病房能带宠物鹦鹉吗", "请问，病房能带宠物鹦鹉吗？？", "病房能带宠物英武吗", "病房能带宠物鹦鹉"]
    )
    def test_is_answered_however_strange_its_words(self, grown: index.Index, text: str) -> None:
        assert decided(grown, text) == ("answer", ["k9001"])

    def test_by_sound_a_number_is_no_other_number(self, grown: index.Index) -> None:
        assert grown.search("晚上四点熄灯吗", shipped(), NOW)[0].same == 0
        assert grown.search("晚上十点息灯吗", shipped(), NOW)[0].same == 1

    def test_in_two_entries_is_offered(self, grown: index.Index) -> None:
        both = grown.with_changes(3, [live(9003, "病房能带宠物鹦鹉吗")])
        kind, keys = decided(both, "病房能带宠物鹦鹉吗")
        assert (kind, sorted(keys)) == ("choices", ["k9001", "k9003"])


def model(folder: Path, analyser: Analyser) -> StaticEncoder:
    """A model as the training writes it, that holds two words to mean the same."""
    terms = np.unique(tokens_of(analyser.count(["泊", "车"])).terms)
    vectors = np.zeros((len(terms), 4), np.float32)
    vectors[:, 0] = 1
    folder.mkdir()
    save(folder / "model.safetensors", terms, vectors, "two words")
    return StaticEncoder.load(folder)


@pytest.mark.unit
class TestDense:
    def test_a_model_is_read_without_torch_and_finds_what_shares_no_word(self, tmp_path: Path) -> None:
        analyser = Analyser()
        found = index.build(LIVES, analyser, model(tmp_path / "model", analyser), 1, 0)
        hit = found.search("泊", shipped(), NOW, method="dense")[0]
        assert (hit.key, hit.parts.characters) == ("k2", 0.0)
        assert hit.parts.dense > 0.99
        assert str(found.view().model).startswith("static-")

    def test_training_brings_wordings_of_an_entry_together_and_is_the_same_every_time(self, tmp_path: Path) -> None:
        analyser = Analyser()
        learnt = pairs.of_contents(one.content for one in TAUGHT if one.content is not None)
        encoder = pairs.train(learnt, analyser, tmp_path / "one", "a test")
        assert pairs.train(learnt, analyser, tmp_path / "two", "a test").name == encoder.name
        assert encoder.about == "a test"
        texts = ["泊车的地方", "停车场在哪里", "怎么开发票"]
        near, same, far = encoder.encode(texts, analyser.count(texts))
        assert near @ same > near @ far + 0.05

    def test_what_is_no_model_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "model.safetensors").write_bytes(b"no model")
        with pytest.raises(EncoderUnavailable):
            StaticEncoder.load(tmp_path)

    def test_with_too_little_to_learn_from_nothing_is_trained(self, tmp_path: Path) -> None:
        with pytest.raises(pairs.TrainingFailed):
            pairs.train(pairs.of_contents([]), Analyser(), tmp_path)


@pytest.fixture(scope="module")
def library() -> index.Index:
    """The starter library under the model that ships."""
    lives = [
        Live(entry_id=UUID(int=place), key=key, revision_id=UUID(int=place), revision=1, content=content)
        for place, (key, content) in enumerate(starter.contents(), 1)
    ]
    return index.build(lives, Analyser(*starter.words()), StaticEncoder.load(SHIPPED), 1, 0)


@pytest.mark.unit
class TestShipped:
    """What a new installation finds with."""

    def test_the_model_was_made_from_this_library(self) -> None:
        assert StaticEncoder.load(SHIPPED).about == library_digest()

    def test_it_is_small(self) -> None:
        assert (SHIPPED / "model.safetensors").stat().st_size < 5_000_000

    @pytest.mark.parametrize(
        "text", ["食堂有没有螺蛳粉", "今天天气怎么样", "狗狗打疫苗多少钱", "近视手术要住院吗", "小区停车位怎么租"]
    )
    def test_what_other_houses_answer_is_not_answered_at_once(self, library: index.Index, text: str) -> None:
        kind, _ = decide(library.search(text, shipped(), NOW), library.judge(shipped()))
        assert kind != "answer"

    @pytest.mark.parametrize(
        ("text", "key"), [("食堂在哪", "canteen"), ("冷冻费咋个交", "storage_fee_pay"), ("挂号", "booking")]
    )
    def test_what_the_hospital_answers_is_found(self, library: index.Index, text: str, key: str) -> None:
        assert library.search(text, shipped(), NOW)[0].key == key


class TestFinder:
    @pytest.fixture
    def engine(self, sessions: Sessions) -> Engine:
        with sessions() as session:
            bind = session.get_bind()
        assert isinstance(bind, Engine)
        return bind

    def _keys(self, finder: Finder, session: Session, clock: FixedClock) -> list[str]:
        return [hit.key for hit in finder.search(session, "停车场在哪里", clock)][:1]

    def test_the_next_process_loads_the_file_and_what_changed_since(
        self, sessions: Sessions, engine: Engine, base: Base, publish: Publish, clock: FixedClock, tmp_path: Path
    ) -> None:
        with sessions() as session:
            Finder(engine, tmp_path).current(session)
        publish(PARKING.model_copy(update={"question": "哪里可以给电车充电", "variants": ()}), "charge")
        with sessions() as session:
            later = Finder(engine, tmp_path)
            loaded, _ = later.current(session)
            assert len(loaded.changed) == 1
            assert later.search(session, "电车充电", clock)[0].key == "charge"
            assert self._keys(later, session, clock) == ["parking"]

    def test_a_damaged_file_is_noticed_and_built_anew(
        self, sessions: Sessions, engine: Engine, base: Base, clock: FixedClock, tmp_path: Path
    ) -> None:
        with sessions() as session:
            Finder(engine, tmp_path).current(session)
            (path,) = tmp_path.glob("index-*.npz")
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 0xFF
            path.write_bytes(bytes(data))
            assert self._keys(Finder(engine, tmp_path), session, clock) == ["parking"]
            (tmp_path / "index.json").write_text("{", "utf-8")
            assert self._keys(Finder(engine, tmp_path), session, clock) == ["parking"]
            for left in tmp_path.glob("index*"):
                left.unlink()
            assert self._keys(Finder(engine, tmp_path), session, clock) == ["parking"]

    def test_a_file_of_an_earlier_format_is_built_anew(
        self, sessions: Sessions, engine: Engine, base: Base, clock: FixedClock, tmp_path: Path
    ) -> None:
        with sessions() as session:
            Finder(engine, tmp_path).current(session)
            seal = tmp_path / "index.json"
            now = json.loads(seal.read_text("utf-8"))
            seal.write_text(json.dumps(now | {"format": now["format"] - 1}), "utf-8")
            assert self._keys(Finder(engine, tmp_path), session, clock) == ["parking"]
            assert json.loads(seal.read_text("utf-8"))["format"] == now["format"]

    @pytest.mark.parametrize("side", ["with_model", "by_words"])
    def test_weights_of_another_version_give_way_to_those_that_ship(
        self, sessions: Sessions, engine: Engine, base: Base, clock: FixedClock, side: str
    ) -> None:
        judge = getattr(shipped(), side)
        shorter = judge.model_copy(update={"rank": judge.rank[:-1], "answer_at": 0.5})
        ours = shipped().model_copy(update={"by_words": shipped().by_words.model_copy(update={"answer_at": 0.6})})
        with sessions.begin() as session:
            service.set_tuning(session, ours.model_dump(mode="json"), clock)
        with sessions() as session:
            assert Finder(engine).current(session)[1] == ours
        with sessions.begin() as session:
            service.set_tuning(session, ours.model_copy(update={side: shorter}).model_dump(mode="json"), clock)
        with sessions() as session:
            assert Finder(engine).current(session)[1] == shipped()

    def test_every_process_answers_a_change_with_the_next_question(
        self, sessions: Sessions, engine: Engine, base: Base, clock: FixedClock
    ) -> None:
        ours, theirs = Finder(engine), Finder(engine)
        with sessions() as session:
            assert self._keys(ours, session, clock) == self._keys(theirs, session, clock) == ["parking"]
        with sessions.begin() as session:
            service.retire(session, base["parking"].id, "停用", clock)
        with sessions() as session:
            assert "parking" not in self._keys(ours, session, clock) + self._keys(theirs, session, clock)
