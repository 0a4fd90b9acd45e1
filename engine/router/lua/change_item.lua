-- Purpose:   Change what a waiting item asks for; its place follows at once. Moving it to another queue begins
--            a new segment: relaxation counts anew, the age goes on.
-- Keys:      meta
-- Arguments: epoch, now, item, JSON {priority, due, skills, preferred, queue, preferred_agent, required}
-- Outcomes:  ok, with '' or JSON {from, to, why} when another queue has it; repeated when nothing differs;
--            unknown_item, unknown_queue; wrong_state when closed, or when more than its priority or due time
--            is to change while an agent has it; queue_full, queue_closed; too_many_signatures
-- Events:    changed; offered

local function is_same_map(map, text)
  local known, count = text ~= '' and cjson.decode(text) or {}, 0
  for key, value in pairs(map) do
    if known[key] ~= value then
      return false
    end
    count = count + 1
  end
  for _ in pairs(known) do
    count = count - 1
  end
  return count == 0
end

-- Drop from `wanted` what is so already; return whether anything is left.
local function reduce(item, wanted)
  for _, field in ipairs({ 'priority', 'due', 'queue' }) do
    if wanted[field] == item[field] then
      wanted[field] = nil
    end
  end
  for _, field in ipairs({ 'skills', 'preferred' }) do
    if wanted[field] and is_same_map(wanted[field], item[field]) then
      wanted[field] = nil
    end
  end
  if wanted.preferred_agent == item.preferred_agent and (wanted.required and 1 or 0) == item.required then
    wanted.preferred_agent = nil
  end
  wanted.required = wanted.preferred_agent and wanted.required
  return next(wanted) ~= nil
end

local function text_of(map, old)
  return map and (next(map) and cjson.encode(map) or '') or old
end

local function put(self, item, wanted)
  local from, before = item.queue, items.bonus(self, item)
  item.priority, item.due = wanted.priority or item.priority, wanted.due or item.due
  item.skills, item.preferred = text_of(wanted.skills, item.skills), text_of(wanted.preferred, item.preferred)
  if wanted.queue then
    item.queue = wanted.queue
    items.begin_segment(self, item)
  end
  if wanted.preferred_agent then
    holds.ask(item, wanted.preferred_agent, wanted.required)
  end
  if item.waiting > 0 or (wanted.due and config.queue(self, item.queue).ranking == 'due') then
    items.rank(self, item)
  else
    item.rank = item.rank + before - items.bonus(self, item) -- an agent has it: no time counts
  end
  return items.told(item, { from_queue = from })
end

-- Return why the item cannot be changed so, or nil; and what there is to tell. The queue it goes to is noted.
local function refusal(self, item, wanted)
  local light = not (wanted.queue or wanted.skills or wanted.preferred or wanted.preferred_agent)
  local told
  if item.state ~= STATE.queued and item.state ~= STATE.scheduled and not light then
    return OUTCOME.wrong_state
  elseif wanted.queue then
    local skills = wanted.skills or item.skills ~= '' and cjson.decode(item.skills) or {}
    local queue, refused
    queue, refused, told = admission.find(self, wanted.queue, { channel = item.channel, skills = skills })
    if refused then
      return refused, told
    end
    wanted.queue = queue ~= item.queue and queue or nil -- it may overflow to where it is
  end
  if light or not next(wanted) then -- nothing may be made for what is not done
    return nil, told
  end
  return not requirements.are_allowed(self, item, wanted) and OUTCOME.too_many_signatures or nil, told
end

register('change_item', function(self, item_id, text)
  local item, wanted = items.read(self, item_id), cjson.decode(text)
  if not item then
    return items.closed(self, item_id) and OUTCOME.wrong_state or OUTCOME.unknown_item
  elseif not reduce(item, wanted) then
    return OUTCOME.repeated
  end
  local refused, detail = refusal(self, item, wanted)
  if refused then
    return refused, detail and cjson.encode(detail) or ''
  elseif not next(wanted) then
    return OUTCOME.repeated
  end
  if item.state == STATE.queued then
    lines.leave(self, item)
    rooms.release(self, item, nil)
  elseif item.state == STATE.scheduled then
    items.count(self, item, -1)
  end
  local told, since = put(self, item, wanted), item.since
  told.from, told.why = detail and detail.from, detail and detail.why
  events.item(self, EVENT.changed, item, told)
  if item.state == STATE.queued then
    work.requeue(self, item)
    item.since = item.state == STATE.queued and since or item.since
  elseif item.state == STATE.scheduled then
    items.count(self, item, 1)
  end
  return OUTCOME.ok, detail and cjson.encode(detail) or ''
end)
