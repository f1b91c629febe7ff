# `make help` lists the targets. ./mvnw and the scripts they call do the work. ARGS are handed on: make verify ARGS='-pl revdial -am'
ARGS ?=
NAMESPACE ?= wolf
VERSION := $(shell sed -n 's/^  <version>\(.*\)<\/version>/\1/p' pom.xml | head -1)

.PHONY: help build test verify demo fmt clean images deb install uninstall deploy undeploy run e2e guides

help: ## lists the targets
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## \(.*\)/  \1: \2/p' $(MAKEFILE_LIST)

build: ## packages the programs for bin/
	./mvnw -DskipTests package $(ARGS)

test: ## runs the unit tests
	./mvnw test $(ARGS)

verify: ## runs all tests that need no root
	./mvnw verify $(ARGS)

demo: ## shows the whole path on this machine (ARGS=--once ends by itself)
	./demo $(ARGS)

fmt: ## formats the code
	./mvnw -q spotless:apply

clean: ## removes what was built
	./mvnw -q clean

install: ## applies the CRD to the cluster of kubectl
	kubectl apply --server-side -k manifests/crds

uninstall: ## deletes the CRD, and with it every WolfTunnel and its agents
	kubectl delete --ignore-not-found -k manifests/crds

deploy: install ## applies the CRD, and the operator for namespace wolf
	kubectl get namespace wolf > /dev/null 2>&1 || kubectl create namespace wolf
	kubectl apply --server-side -k manifests/namespaced

undeploy: ## deletes that operator; WolfTunnels and their agents stay
	kubectl delete --ignore-not-found -k manifests/namespaced

run: ## runs the operator from this checkout against the cluster of kubectl (NAMESPACE=wolf; CONTRIBUTING.md says more)
	./mvnw -q -DskipTests package -pl operator -am
	AGENT_IMAGE=$${AGENT_IMAGE:-wolf-tunnel-agent:$(VERSION)} WATCH_NAMESPACES=$(NAMESPACE) LEADER_ELECTION=false bin/operator $(ARGS)

e2e: ## runs the end-to-end tests on the cluster of kubectl (e2e/run says what they need)
	e2e/run $(ARGS)

guides: ## runs the commands of README and the guides that need no cluster
	.ci/guides local

images: ## builds the images in images/target/images (images/build -help says what ARGS there are)
	images/build $(ARGS)

deb: ## builds the Debian package of agent and control plane in deploy/target
	deploy/systemd/build-deb
