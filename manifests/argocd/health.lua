-- Health of a WolfTunnel for Argo CD. Put it into the ConfigMap argocd-cm as
--   resource.customizations.health.wolf.helix.ml_WolfTunnel: |
--     (this file)
local health = {status = "Progressing", message = "the operator has not reconciled it yet"}
if obj.status == nil or obj.status.conditions == nil then
  return health
end
if obj.status.observedGeneration ~= nil and obj.metadata.generation ~= nil
    and obj.status.observedGeneration < obj.metadata.generation then
  health.message = "the operator has not reconciled the last change yet"
  return health
end

local conditions = {}
for _, condition in ipairs(obj.status.conditions) do
  conditions[condition.type] = condition
end
local function holds(type)
  return conditions[type] ~= nil and conditions[type].status == "True"
end

local ready = conditions["Ready"]
if ready == nil then
  return health
end
health.message = ready.message
if holds("Stalled") then
  health.status = "Degraded"
  health.message = conditions["Stalled"].message
elseif ready.status == "True" then
  health.status = "Healthy"
elseif ready.reason == "Paused" then
  health.status = "Suspended"
elseif holds("Reconciling") then
  health.status = "Progressing"
else
  health.status = "Degraded"
end
return health
