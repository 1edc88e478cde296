lock:
	.venv/bin/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --output-file=requirements/runtime.txt pyproject.toml
	.venv/bin/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --extra=dev --constraint=requirements/runtime.txt --output-file=requirements/dev.txt pyproject.toml
