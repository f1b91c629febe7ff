{{/* Labels of an object: {name, root}. */}}
{{- define "wolf.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- end }}

{{/* An image: {image, root}. */}}
{{- define "wolf.image" -}}
{{ .image.repository }}
{{- if .image.digest }}@{{ .image.digest }}{{ else }}:{{ .image.tag | default .root.Chart.AppVersion }}{{ end }}
{{- end }}

{{/* Entries of env: {env, own, hint, root}. A variable that the chart itself sets would be there twice. */}}
{{- define "wolf.extraEnv" -}}
{{- range .env }}
{{- if has .name $.own }}
{{- fail (printf "%s must not set %s: the chart sets it" $.hint .name) }}
{{- end }}
{{- end }}
{{- toYaml .env }}
{{- end }}

{{- define "wolf.pullSecrets" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
{{- range . }}
- name: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{/* The namespaces with a Role, as a JSON list. */}}
{{- define "wolf.namespaces" -}}
{{- if and .Values.clusterWide .Values.watchNamespaces }}
{{- fail "watchNamespaces has no meaning with clusterWide: leave one of them out" }}
{{- end }}
{{- .Values.watchNamespaces | default (list .Release.Namespace) | toJson }}
{{- end }}

{{/* "true" if the admission policy is installed. */}}
{{- define "wolf.admissionPolicy" -}}
{{- if eq (toString .Values.admissionPolicy.enabled) "auto" }}{{ .Values.clusterWide }}{{ else }}{{ .Values.admissionPolicy.enabled }}{{ end }}
{{- end }}

{{/*
The objects of a file in files/, which is a copy of one in manifests/: {file, name, root}, and for objects in the release's namespace
{namespace, extraLabels}. ServiceAccounts and the policy's ConfigMap are in the release's namespace.
*/}}
{{- define "wolf.copied" -}}
{{- range splitList "\n---\n" (.root.Files.Get .file) }}
{{- $object := fromYaml . }}
{{- range $object.subjects }}{{ $_ := set . "namespace" $.root.Release.Namespace }}{{ end }}
{{- with (dig "spec" "paramRef" nil $object) }}{{ $_ := set . "namespace" $.root.Release.Namespace }}{{ end }}
{{- $_ := set $object.metadata "labels" (merge (fromYaml (include "wolf.labels" $)) ($.extraLabels | default dict)) }}
{{- with $.namespace }}{{ $_ := set $object.metadata "namespace" . }}{{ end }}
---
{{ toYaml $object }}
{{- end }}
{{- end }}
