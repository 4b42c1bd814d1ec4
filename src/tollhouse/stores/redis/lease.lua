-- One exchange of one process: see ports/shared_rates.py. Everything here happens at once, or not at all.
--
-- KEYS: the clock, the members, the sharers, then one key a bucket, then one a set of places.
-- ARGV: process, present, is_sharing, buckets, places, GAP_MS, SETTLE_MS, NEAR_MS, PLACES_EXPIRE_MS, KEPT_MS,
--       then limit, window_ms, seed, change, least, needed, most a bucket,
--       then limit, running, needed, most a set of places.
--
-- Buckets fill by a clock of our own. It stands still while nobody was heard, and runs slower if only some of those who
-- serve are heard: the others fill their own share meanwhile, and no part of a limit may flow in two places.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local process, present = ARGV[1], math.max(1, tonumber(ARGV[2]))
local buckets, places = tonumber(ARGV[4]), tonumber(ARGV[5])
local gap, settle, near, expire, kept =
  tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])

redis.call('ZADD', KEYS[2], now, process)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - expire)
redis.call('PEXPIRE', KEYS[2], kept)

local function part_heard()
  return math.min(1, redis.call('ZCOUNT', KEYS[3], now - near, '+inf') / present)
end

local heard = part_heard() -- until now
if ARGV[3] == '1' then
  redis.call('ZADD', KEYS[3], now, process)
else
  redis.call('ZREM', KEYS[3], process)
end
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now - expire)
redis.call('PEXPIRE', KEYS[3], kept)

local told = redis.call('HMGET', KEYS[1], 'clock', 'seen', 'opens')
local clock, seen, opens = tonumber(told[1] or now), tonumber(told[2] or 0), tonumber(told[3] or 0)
if now - seen > gap then
  opens = now + settle
elseif now >= opens then
  clock = clock + math.max(0, now - seen) * heard
end
redis.call('HSET', KEYS[1], 'clock', clock, 'seen', now, 'opens', opens)
redis.call('PEXPIRE', KEYS[1], kept)
local is_open = now >= opens

local answer = { is_open and 1 or 0 }
local at_key, at_arg = 4, 11

for _ = 1, buckets do
  local key = KEYS[at_key]
  local limit, window, seed = tonumber(ARGV[at_arg]), tonumber(ARGV[at_arg + 1]), tonumber(ARGV[at_arg + 2])
  local change, least = tonumber(ARGV[at_arg + 3]), tonumber(ARGV[at_arg + 4])
  local needed, most = tonumber(ARGV[at_arg + 5]), tonumber(ARGV[at_arg + 6])
  local kept_there = redis.call('HMGET', key, 'left', 'at', 'limit')
  local left, at, was = tonumber(kept_there[1] or seed), tonumber(kept_there[2] or clock), tonumber(kept_there[3] or limit)
  left = left * limit / was
  left = math.min(limit, left + math.max(0, clock - at) * limit / window)
  left = math.min(limit, left + change)
  local granted = 0
  if is_open and most > 0 and left >= least then
    -- For calls that do not wait yet no more than an eighth of an equal part: the end of a limit is in nobody's hands.
    local spare = math.min(most, math.floor(left / (8 * present)))
    granted = math.max(spare, math.min(needed, math.floor(left)))
    left = left - granted
  end
  redis.call('HSET', key, 'left', left, 'at', clock, 'limit', limit)
  redis.call('PEXPIRE', key, kept)
  answer[#answer + 1] = granted
  answer[#answer + 1] = math.floor(left)
  at_key, at_arg = at_key + 1, at_arg + 7
end

heard = part_heard() -- from now on
for _ = 1, places do
  local key = KEYS[at_key]
  local limit, running = tonumber(ARGV[at_arg]), tonumber(ARGV[at_arg + 1])
  local needed, most = tonumber(ARGV[at_arg + 2]), tonumber(ARGV[at_arg + 3])
  local held, others = redis.call('HGETALL', key), 0
  for i = 1, #held, 2 do
    if held[i] ~= process then
      if redis.call('ZSCORE', KEYS[2], held[i]) then
        others = others + tonumber(held[i + 1])
      else
        redis.call('HDEL', key, held[i])
      end
    end
  end
  local free = math.floor(limit * heard) - others
  local mine = running
  if is_open then
    mine = math.max(running, math.min(needed, free))
    mine = math.max(mine, math.min(most, mine + math.floor((free - mine) / (8 * present))))
  end
  if mine > 0 then
    redis.call('HSET', key, process, mine)
    redis.call('PEXPIRE', key, kept)
  else
    redis.call('HDEL', key, process)
  end
  answer[#answer + 1] = mine
  answer[#answer + 1] = math.max(0, free - mine)
  at_key, at_arg = at_key + 1, at_arg + 4
end

return answer
