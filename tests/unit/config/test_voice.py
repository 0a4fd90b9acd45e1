"""What a voice channel is where its file says nothing."""

from engine.config.voice_schema import CallSourceSection, VoiceSection
from engine.model.voice import Voice


def test_a_voice_channel_is_patient_by_itself_as_its_noun_is() -> None:
    section = VoiceSection(sources={"pbx": CallSourceSection(kind="http", secret="pbx")})
    noun = Voice(sources={})
    assert (section.stale_ringing, section.stale_talking) == (noun.stale_ringing_ms, noun.stale_talking_ms)
    assert noun.stale_ringing_ms >= 1_800_000  # who waits in a queue so long is in the call still
