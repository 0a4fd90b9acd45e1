"""Texts in many scripts, with what is hard about each."""

from hypothesis import strategies as st

ALPHABETS = (
    "abcXYZ019 éÉüßøŁıİœ -'.",
    "投诉处理订单退款。，　",
    "がぎかアイウｶﾞｱー々お茶",
    "환불해주세요 ",
    "สวัสดีครับ",
    "жалобаЁё ΆάΣς ",
    "हिन्दी नमस्ते ",
    "ＡＢＣ１２３ｶﾅ㈱ﬁ½…",
    "iPhone手机 v2版",
)
TEXTS = st.one_of(
    st.text(max_size=40), *(st.text(alphabet, max_size=40) for alphabet in ALPHABETS), st.text("".join(ALPHABETS))
)
