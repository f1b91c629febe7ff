# `make help` lists the targets. ./mvnw and the scripts they call do the work.
.PHONY: help deb

help: ## lists the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1: \2/p' $(MAKEFILE_LIST)

deb: ## builds the Debian package of agent and control plane in deploy/target
	deploy/systemd/build-deb
