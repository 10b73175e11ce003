"""What a person reads on the page, from the HTTP API and at start-up, in both languages.

What the bot itself says in a conversation stands in bot/phrases.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from knowledge.types import Language

TextKey = Literal[
    "page_title",
    "subtitle",
    "other_language",
    "new_conversation",
    "talk_to_a_person",
    "welcome",
    "welcome_hint",
    "transcript",
    "said_by_customer",
    "said_by_bot",
    "said_by_agent",
    "box_label",
    "box_placeholder",
    "box_placeholder_waiting",
    "send",
    "stop",
    "writing",
    "stopped",
    "failed",
    "sources",
    "source",
    "copied",
    "helpful",
    "not_helpful",
    "comment_label",
    "comment_send",
    "comment_thanks",
    "waiting",
    "waiting_next",
    "waiting_place",
    "waiting_nobody",
    "return_to_bot",
    "with_agent",
    "agent_typing",
    "box_placeholder_agent",
    "person_has_it",
    "contact_offer",
    "contact_label",
    "contact_placeholder",
    "contact_send",
    "contact_stored",
    "contact_invalid",
    "survey_solved",
    "survey_yes",
    "survey_no",
    "survey_satisfaction",
    "survey_star",
    "survey_thanks",
    "message_empty",
    "message_too_long",
    "in_line",
    "busy",
    "too_fast",
    "not_stored",
    "connection_lost",
    "unknown_conversation",
    "unknown_turn",
    "unknown_address",
    "request_too_large",
    "request_malformed",
    "server_error",
    "disclaimer",
    "terminal_hint",
    "not_for_you",
    "torchrun_for_nothing",
    "serving",
    "first_admin",
    "port_in_use",
    "cannot_bind",
    "widget_title",
    "widget_open",
    "widget_close",
    "widget_news",
    "widget_elsewhere",
]

TEXTS: Mapping[TextKey, Mapping[Language, str]] = {
    "page_title": {"en": "{company}: customer service", "zh": "{company}客户服务"},
    "subtitle": {"en": "Automatic assistant", "zh": "自动客服助手"},
    # Each language offers the other one, in the other one's own words.
    "other_language": {"en": "中文", "zh": "English"},
    "new_conversation": {"en": "New conversation", "zh": "新对话"},
    "talk_to_a_person": {"en": "Talk to a person", "zh": "转接人工"},
    "welcome": {"en": "How can we help?", "zh": "有什么可以帮您？"},
    "welcome_hint": {
        "en": "I answer from our own help pages and show you where each answer comes from.",
        "zh": "我根据本公司的帮助文档回答，并注明每个答案的出处。",
    },
    "transcript": {"en": "Conversation", "zh": "对话内容"},
    "said_by_customer": {"en": "You", "zh": "您"},
    "said_by_bot": {"en": "Assistant", "zh": "助手"},
    "said_by_agent": {"en": "Customer service", "zh": "人工客服"},
    "box_label": {"en": "Your message", "zh": "您的消息"},
    "box_placeholder": {"en": "Ask a question…", "zh": "请输入您的问题……"},
    "box_placeholder_waiting": {"en": "Add a message for our team…", "zh": "给客服人员留言……"},
    "send": {"en": "Send", "zh": "发送"},
    "stop": {"en": "Stop", "zh": "停止"},
    "writing": {"en": "The assistant is writing", "zh": "助手正在回复"},
    "stopped": {"en": "Stopped before the answer was complete.", "zh": "回答未完成，已停止。"},
    "failed": {
        "en": "Something went wrong on our side and this message got no answer. "
        "It is kept. Please try again, or talk to a person.",
        "zh": "我们这边出了点问题，这条消息没能得到回答，但已保存。请重试，或转接人工。",
    },
    "sources": {"en": "Sources", "zh": "出处"},
    "source": {"en": "Source", "zh": "出处"},
    "copied": {
        "en": "Marked is what the answer took from here.",
        "zh": "标出的文字是回答引用的部分。",
    },
    "helpful": {"en": "This helped", "zh": "有帮助"},
    "not_helpful": {"en": "This did not help", "zh": "没有帮助"},
    "comment_label": {
        "en": "Would you tell us more? (optional)",
        "zh": "愿意多说两句吗？（选填）",
    },
    "comment_send": {"en": "Send comment", "zh": "提交"},
    "comment_thanks": {
        "en": "Thank you. Our team reads every comment.",
        "zh": "谢谢，我们会阅读每一条意见。",
    },
    "waiting": {
        "en": "You are waiting for a person. Whatever you write now goes to our team.",
        "zh": "正在等待人工客服。您现在写的内容会转给我们的同事。",
    },
    "waiting_next": {"en": "You are next in line.", "zh": "您排在第一位。"},
    "waiting_place": {
        "en": "You are number {place} in line.",
        "zh": "您排在第 {place} 位。",
    },
    "waiting_nobody": {
        "en": "Nobody is at the desk right now.",
        "zh": "目前没有人工客服在线。",
    },
    "return_to_bot": {"en": "Back to the assistant", "zh": "返回自动助手"},
    "with_agent": {"en": "{name} is with you.", "zh": "{name}正在为您服务。"},
    "agent_typing": {"en": "{name} is typing", "zh": "{name}正在输入"},
    "box_placeholder_agent": {"en": "Write to {name}…", "zh": "给{name}留言……"},
    "person_has_it": {
        "en": "A person has this conversation.",
        "zh": "人工客服正在处理这个对话。",
    },
    "contact_offer": {
        "en": "If you can't wait, leave your e-mail address, and we can answer you there.",
        "zh": "如果不方便等待，可以留下邮箱，我们通过邮件回复您。",
    },
    "contact_label": {"en": "E-mail address", "zh": "邮箱地址"},
    "contact_placeholder": {"en": "you@example.com", "zh": "name@example.com"},
    "contact_send": {"en": "Leave address", "zh": "提交邮箱"},
    "contact_stored": {
        "en": "Thank you. We can answer you at {email}.",
        "zh": "谢谢，我们可以通过 {email} 回复您。",
    },
    "contact_invalid": {
        "en": "This doesn't look like an e-mail address. Please check it.",
        "zh": "这个邮箱地址似乎不正确，请检查一下。",
    },
    "survey_solved": {"en": "Is your question solved?", "zh": "您的问题解决了吗？"},
    "survey_yes": {"en": "Yes", "zh": "解决了"},
    "survey_no": {"en": "No", "zh": "没有"},
    "survey_satisfaction": {
        "en": "How satisfied are you with this conversation?",
        "zh": "您对这次服务满意吗？",
    },
    "survey_star": {"en": "{n} of 5", "zh": "{n} 分（满分 5 分）"},
    "survey_thanks": {"en": "Thank you for telling us.", "zh": "谢谢您的反馈。"},
    "message_empty": {"en": "Please write something first.", "zh": "请先输入内容。"},
    "message_too_long": {
        "en": "That is longer than {limit} characters. Please shorten it, or send it in parts.",
        "zh": "内容超过了 {limit} 个字符，请缩短或分几次发送。",
    },
    "in_line": {
        "en": "Many customers are writing right now. You are number {place} in line.",
        "zh": "现在咨询的顾客较多，您排在第 {place} 位。",
    },
    "busy": {
        "en": "We are busy right now and could not answer. Your message is kept. "
        "Please send it again in a moment, or talk to a person.",
        "zh": "现在咨询的顾客太多，暂时无法回答。您的消息已保存，请稍后再发一次，或转接人工。",
    },
    "too_fast": {
        "en": "That was quite fast. Please wait {seconds} seconds and send it again.",
        "zh": "您发送得太快了，请等 {seconds} 秒再发一次。",
    },
    "not_stored": {
        "en": "That could not be stored. Please try again.",
        "zh": "未能保存，请重试。",
    },
    "connection_lost": {
        "en": "The connection is lost. As soon as it is back, this page goes on by itself; "
        "what you have written stays here.",
        "zh": "连接已断开。恢复后页面会自动继续，您写的内容会保留。",
    },
    "unknown_conversation": {
        "en": "There is no such conversation. Start a new one with POST /api/conversations.",
        "zh": "没有这个对话。请用 POST /api/conversations 新建一个。",
    },
    "unknown_turn": {
        "en": "There is no such answer in this conversation. "
        "GET /api/conversations/{{id}} lists its turns.",
        "zh": "这个对话中没有这条回答。用 GET /api/conversations/{{id}} 查看所有消息。",
    },
    "unknown_address": {
        "en": "There is nothing at this address. See /openapi.json.",
        "zh": "此地址没有内容。请查看 /openapi.json。",
    },
    "request_too_large": {
        "en": "This request is larger than {limit} bytes. Please send less.",
        "zh": "请求超过了 {limit} 字节，请减少内容。",
    },
    "request_malformed": {
        "en": "The request is malformed at {field}: {problem}.",
        "zh": "请求有误，位置 {field}：{problem}。",
    },
    "server_error": {
        "en": "Something went wrong on our side. Please try again in a moment.",
        "zh": "我们这边出了点问题，请稍后再试。",
    },
    "disclaimer": {
        "en": "Automatic answers: please check the sources.",
        "zh": "自动回答，重要事项请核对出处。",
    },
    "terminal_hint": {
        "en": "Ask a question, in English or Chinese. Ctrl-D ends the conversation.",
        "zh": "请用中文或英文提问，按 Ctrl-D 结束对话。",
    },
    "not_for_you": {
        "en": "This address answers on the server's own machine, or with its token.",
        "zh": "此地址仅限在服务器本机访问，或凭令牌访问。",
    },
    "torchrun_for_nothing": {
        "en": 'Only generator = "transformers" is spread over GPUs by torchrun. '
        "Start one process: frontdesk serve",
        "zh": 'torchrun 只适用于 generator = "transformers"。请只启动一个进程：frontdesk serve',
    },
    "serving": {
        "en": "Frontdesk answers at {url} (Ctrl-C stops it)",
        "zh": "Frontdesk 已启动：{url}（按 Ctrl-C 停止）",
    },
    "first_admin": {
        "en": "The desk is at {url}: log in as {name} with the password {password} "
        "(shown only now; change it with: frontdesk users passwd {name})",
        "zh": "客服台：{url}，用户名 {name}，密码 {password}"
        "（只显示这一次；修改密码：frontdesk users passwd {name}）",
    },
    "port_in_use": {
        "en": "Port {port} on {host} is in use. "
        "Stop the other program, or set another port: FRONTDESK_PORT={other}",
        "zh": "{host} 的端口 {port} 已被占用。请停止另一个程序，或更换端口：FRONTDESK_PORT={other}",
    },
    "cannot_bind": {
        "en": "Cannot listen on {host} port {port} ({problem}). "
        "Set another address: FRONTDESK_HOST=127.0.0.1 FRONTDESK_PORT=7860",
        "zh": "无法监听 {host} 端口 {port}（{problem}）。"
        "请更换地址：FRONTDESK_HOST=127.0.0.1 FRONTDESK_PORT=7860",
    },
    "widget_title": {"en": "Customer service", "zh": "客户服务"},
    "widget_open": {"en": "Ask us", "zh": "在线咨询"},
    "widget_close": {"en": "Close", "zh": "关闭"},
    "widget_news": {"en": "New message", "zh": "有新消息"},
    "widget_elsewhere": {
        "en": "The chat does not open here. Open it in a window of its own.",
        "zh": "此处无法打开在线咨询，请在新窗口中打开。",
    },
}


def write(key: TextKey, language: Language, **values: object) -> str:
    """The sentence with its {placeholders} filled in."""
    return TEXTS[key][language].format(**values)
