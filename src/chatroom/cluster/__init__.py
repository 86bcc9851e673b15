"""One chat on several servers, through a Redis stream: `chatroom serve --cluster redis://host:6379/0`.

`codec` makes JSON of values, `state` what must be the same on all servers, `servers` who belongs to it, `races` settles
what was decided too late, `stream` talks to Redis, `log` is `RedisLog`, which stands where `LocalEventLog` stands
otherwise.
"""
