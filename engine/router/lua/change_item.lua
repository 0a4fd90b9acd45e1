-- Purpose:   Change what a waiting item asks for; its place follows at once. Moving it to another queue begins
--            a new segment: relaxation counts anew, the age goes on.
-- Keys:      meta
-- Arguments: epoch, now, item, JSON {priority, due, skills, preferred, queue, preferred_agent, required}
-- Outcomes:  ok; repeated when nothing differs; unknown_item, unknown_queue; wrong_state when closed, or when
--            more than its priority or due time is to change while an agent has it; queue_full, queue_closed;
--            too_many_signatures
-- Events:    changed; offered

local function differs(item, wanted)
  return wanted.priority and wanted.priority ~= item.priority
    or wanted.due and wanted.due ~= item.due
    or wanted.queue and wanted.queue ~= item.queue
    or wanted.skills or wanted.preferred or wanted.preferred_agent or false
end

local function text_of(map, old)
  return map and (next(map) and cjson.encode(map) or '') or old
end

local function put(self, item, wanted)
  local from = item.queue
  item.priority, item.due = wanted.priority or item.priority, wanted.due or item.due
  item.skills, item.preferred = text_of(wanted.skills, item.skills), text_of(wanted.preferred, item.preferred)
  if wanted.queue and wanted.queue ~= from then
    item.queue = wanted.queue
    items.begin_segment(self, item)
  elseif wanted.skills or wanted.preferred then
    item.stage = 0
  end
  if wanted.preferred_agent then
    holds.ask(item, wanted.preferred_agent, wanted.required)
  end
  items.rank(self, item)
  return { priority = item.priority, from_queue = from, due_ms = item.due }
end

register('change_item', function(self, item_id, text)
  local item, wanted = items.read(self, item_id), cjson.decode(text)
  if not item then
    return items.closed(self, item_id) and OUTCOME.wrong_state or OUTCOME.unknown_item
  elseif not differs(item, wanted) then
    return OUTCOME.repeated
  end
  local light = not (wanted.queue or wanted.skills or wanted.preferred or wanted.preferred_agent)
  if item.state ~= STATE.queued and item.state ~= STATE.scheduled and not light then
    return OUTCOME.wrong_state
  elseif wanted.queue and wanted.queue ~= item.queue then
    local queue, refused, told = admission.find(self, wanted.queue, { channel = item.channel, skills = wanted.skills or {} })
    if refused then
      return refused, told and cjson.encode(told) or ''
    end
    wanted.queue = queue
  end
  local queued = item.state == STATE.queued
  if queued then
    lines.leave(self, item)
  end
  local told = put(self, item, wanted)
  requirements.sign(self, item)
  events.item(self, EVENT.changed, item, told)
  if queued then
    local since = item.since
    matching.place(self, item)
    item.since = item.state == STATE.queued and since or item.since
  end
  return OUTCOME.ok
end)
