"""Handlers of IRC commands: each turns the parameters of a line into commands of the chat.

They parse only: the rule is in `core` under the same topic, the rendering in `replies`. Where each verb is read:

- registration: PASS, NICK, USER, SETNAME, PING, PONG, QUIT
- capabilities: CAP
- sasl: AUTHENTICATE
- account_registration: REGISTER, VERIFY
- nickserv: NICKSERV, NS, and messages to NickServ
- channels: JOIN, PART, TOPIC, NAMES, LIST, INVITE, KICK, BAN, UNBAN, MUTE, UNMUTE, MODE
- messages: PRIVMSG, NOTICE, TAGMSG
- multiline: BATCH
- chathistory: CHATHISTORY, SEARCH
- persistence: PERSISTENCE
- read_marker: MARKREAD
- redaction: REDACT
- users: AWAY, WHO, WHOIS, WHOWAS, USERHOST, ISON, MONITOR
- server_queries: MOTD, LUSERS, VERSION, TIME, INFO, ADMIN, LINKS, CLUSTER, STATS
- opers: OPER, KILL, WALLOPS, KLINE, UNKLINE, DLINE, UNDLINE, REHASH

HELP is read in `command_table`, which it shows.
"""
