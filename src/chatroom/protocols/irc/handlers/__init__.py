"""What IRC commands become: each file turns the parameters of some verbs into commands of the chat.

They parse only: the rule stands in `core` under the same topic, the rendering in `protocols.irc.replies`.
"""
