"""What an agent reads at the desk: the frame, the login and the users. In both languages.

Each part of the desk has its own file of texts; ui/desk_pages.py puts them together.
"""

from __future__ import annotations

from collections.abc import Mapping

from knowledge.types import Language

DESK_TEXTS: Mapping[str, Mapping[Language, str]] = {
    "desk": {"en": "Desk", "zh": "客服台"},
    "nav": {"en": "Desk", "zh": "客服台导航"},
    "nav_inbox": {"en": "Inbox", "zh": "接待"},
    "nav_review": {"en": "Review", "zh": "复核"},
    "nav_gaps": {"en": "Gaps", "zh": "知识缺口"},
    "nav_numbers": {"en": "Numbers", "zh": "数据"},
    "nav_users": {"en": "Users", "zh": "用户"},
    # Each language offers the other one, in the other one's own words.
    "other_language": {"en": "中文", "zh": "English"},
    "skip": {"en": "To the content", "zh": "跳到正文"},
    "log_in": {"en": "Log in", "zh": "登录"},
    "log_out": {"en": "Log out", "zh": "退出"},
    "login_hint": {
        "en": "For the people who answer customers.",
        "zh": "客服人员入口。",
    },
    "login_forgotten": {
        "en": "Forgotten? Whoever runs the server sets a new one: {command}",
        "zh": "忘记密码？请管理服务器的人重设：{command}",
    },
    "login_wrong": {
        "en": "The name or the password is wrong.",
        "zh": "用户名或密码不正确。",
    },
    "login_limited": {
        "en": "Too many attempts. Please wait five minutes.",
        "zh": "尝试次数过多，请五分钟后再试。",
    },
    "name": {"en": "Name", "zh": "用户名"},
    "password": {"en": "Password", "zh": "密码"},
    "role": {"en": "Role", "zh": "角色"},
    "role_agent": {"en": "Agent", "zh": "客服"},
    "role_admin": {"en": "Admin", "zh": "管理员"},
    "problem": {"en": "That did not work", "zh": "操作未成功"},
    "nothing_here": {
        "en": "There is nothing at this address.",
        "zh": "此地址没有内容。",
    },
    "not_allowed": {
        "en": "This is not for you, or the page is too old. Go back, reload it and try again.",
        "zh": "您没有权限，或页面已过期。请返回并刷新后重试。",
    },
    "to_inbox": {"en": "To the inbox", "zh": "返回接待页"},
    "users_title": {"en": "Users", "zh": "用户"},
    "users_hint": {
        "en": "The name is what customers read: “{example} has joined”.",
        "zh": "客户会看到用户名，例如“{example}已加入”。",
    },
    "user_seen": {"en": "Last here", "zh": "最近在线"},
    "user_never": {"en": "Never", "zh": "从未"},
    "user_add": {"en": "Add a user", "zh": "添加用户"},
    "user_remove": {"en": "Remove", "zh": "移除"},
    "user_remove_label": {"en": "Remove {name}", "zh": "移除 {name}"},
    "staff_name_taken": {
        "en": "There is a user of this name already.",
        "zh": "已有同名用户。",
    },
    "staff_name": {
        "en": "A name has 1 to 40 letters, digits, spaces or . - _ ' @",
        "zh": "用户名须为 1 到 40 个字符，可含文字、数字、空格和 . - _ ' @",
    },
    "staff_password": {
        "en": "A password has 10 to 200 characters.",
        "zh": "密码须为 10 到 200 个字符。",
    },
    "staff_last_admin": {
        "en": "This is the last admin. Add another one first.",
        "zh": "这是最后一个管理员，请先添加另一个。",
    },
    "staff_unknown": {"en": "There is no such user.", "zh": "没有这个用户。"},
    "staff_role": {"en": "There is no such role.", "zh": "没有这个角色。"},
    "audit_title": {"en": "What was done", "zh": "操作记录"},
    "audit_at": {"en": "When", "zh": "时间"},
    "audit_agent": {"en": "Who", "zh": "用户"},
    "audit_action": {"en": "What", "zh": "操作"},
    "audit_detail": {"en": "Detail", "zh": "详情"},
    "did_at_desk_logged_in": {"en": "Logged in", "zh": "登录"},
    "did_at_desk_logged_out": {"en": "Logged out", "zh": "退出"},
    "did_at_desk_login_refused": {"en": "Login refused", "zh": "登录被拒"},
    "did_at_desk_user_added": {"en": "Added a user", "zh": "添加用户"},
    "did_at_desk_user_removed": {"en": "Removed a user", "zh": "移除用户"},
    "did_at_desk_password_changed": {"en": "Changed a password", "zh": "修改密码"},
    "did_at_desk_viewed": {"en": "Looked at", "zh": "查看对话"},
    "did_at_desk_took_over": {"en": "Took over", "zh": "接手对话"},
    "did_at_desk_answered": {"en": "Answered", "zh": "回复客户"},
    "did_at_desk_handed_back": {"en": "Handed back", "zh": "交还助手"},
    "did_at_desk_closed": {"en": "Closed", "zh": "结束对话"},
    "did_at_desk_released": {"en": "Back to the line", "zh": "退回排队"},
    "did_at_desk_reviewed": {"en": "Reviewed", "zh": "复核"},
    "did_at_desk_asked_for_second_review": {
        "en": "Asked for a second review",
        "zh": "请求二次复核",
    },
    "did_at_desk_made_test": {"en": "Made a test", "zh": "生成测试用例"},
    "did_at_desk_drafted": {"en": "Wrote a draft", "zh": "编写草稿"},
    "did_at_desk_rejected": {"en": "Rejected a draft", "zh": "拒绝草稿"},
    "did_at_desk_published": {"en": "Published a draft", "zh": "发布草稿"},
    "did_at_desk_undone": {"en": "Took a draft back", "zh": "撤回草稿"},
    "did_at_desk_taught": {"en": "Taught customers’ words", "zh": "教会客户的说法"},
    "did_at_desk_exported": {"en": "Exported", "zh": "导出数据"},
    "command_line": {"en": "Command line", "zh": "命令行"},
}
