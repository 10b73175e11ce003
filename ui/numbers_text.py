"""What an owner reads on the desk's page of numbers, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from knowledge.types import Language

NUMBERS_TEXTS: Mapping[str, Mapping[Language, str]] = {
    "numbers_period": {"en": "Period", "zh": "时间范围"},
    "numbers_conversations": {"en": "Conversations", "zh": "对话"},
    "numbers_messages": {"en": "{n} messages of customers", "zh": "客户消息 {n} 条"},
    "numbers_solved": {"en": "Solved, confirmed or assumed", "zh": "已解决（确认或推定）"},
    "numbers_open": {"en": "{n} too early to say, not counted", "zh": "{n} 个尚无结论，不计入"},
    "numbers_whole": {"en": "Time to the answer (median)", "zh": "回答用时（中位数）"},
    "numbers_first_word": {
        "en": "first word {p50} ms, p95 {p95} ms",
        "zh": "首字 {p50} 毫秒，p95 {p95} 毫秒",
    },
    "numbers_person": {"en": "Time to a person (median)", "zh": "等到人工的时间（中位数）"},
    "numbers_seconds": {"en": "{n} s", "zh": "{n} 秒"},
    "numbers_joined": {
        "en": "{joined} of {asked} who waited got one",
        "zh": "{asked} 位等待者中 {joined} 位等到",
    },
    "numbers_satisfaction": {"en": "Satisfaction", "zh": "满意度"},
    "numbers_outcomes": {"en": "What conversations came to", "zh": "对话结果"},
    "numbers_outcomes_hint": {
        "en": "Assumed solved: left after an answer and not back within 7 days. Failed: an error, "
        "an “I don't know” at the end, or the customer said no. In brackets the 95 % interval.",
        "zh": "推定解决：得到回答后离开，7 天内没有再来。"
        "未解决：出错、最后没答上来，或客户表示没解决。"
        "括号内为 95% 置信区间。",
    },
    "numbers_n_of": {"en": "How many", "zh": "数量"},
    "numbers_share": {"en": "Share", "zh": "占比"},
    "numbers_solved_of_asked": {
        "en": "Said “solved”, of those who said anything",
        "zh": "作答客户中表示已解决的",
    },
    "numbers_outcome": {"en": "Conversations by outcome", "zh": "按结果的对话"},
    "numbers_route": {"en": "What the bot did", "zh": "机器人的处理"},
    "numbers_language": {"en": "Languages", "zh": "语言"},
    "numbers_intent": {"en": "Intents", "zh": "意图"},
    "numbers_rating": {"en": "Thumbs", "zh": "点赞与点踩"},
    "numbers_timing": {
        "en": "Time to the answer: median, 95th percentile",
        "zh": "回答用时：中位数与 95 分位",
    },
    "numbers_most": {"en": "up to {n}", "zh": "最高 {n}"},
    "numbers_nothing": {"en": "Nothing in these days.", "zh": "这段时间没有数据。"},
    "numbers_rising": {"en": "Rising", "zh": "上升的意图"},
    "numbers_rising_hint": {
        "en": "Intents with a larger share than in as many days before; "
        "the 95 % intervals do not overlap.",
        "zh": "与之前同样长的时间相比占比上升的意图，95% 置信区间不重叠。",
    },
    "numbers_no_rise": {"en": "No intent rises for sure.", "zh": "没有确定上升的意图。"},
    "numbers_before": {"en": "Before", "zh": "之前"},
    "numbers_now": {"en": "Now", "zh": "现在"},
    "numbers_documents": {"en": "Documents that answer", "zh": "提供回答的文档"},
    "numbers_never": {"en": "Never cited in these days: {n}", "zh": "这段时间从未引用：{n} 篇"},
    "numbers_export": {"en": "Export", "zh": "导出"},
    "numbers_export_hint": {
        "en": "Of these days. What customers wrote is in it; the README has the columns.",
        "zh": "导出所选时间的数据，含客户所写内容；各列说明见 README。",
    },
    "export_conversations": {"en": "One row a conversation", "zh": "每行一个对话"},
    "export_turns": {"en": "One row a turn", "zh": "每行一条消息"},
}
