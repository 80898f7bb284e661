# esbuild for two platforms with `docker buildx bake`, as far as bake goes: somebody else has to know the versions.

variable "IMAGE" {
  default = "127.0.0.1:5000/bakehouse/esbuild"
}

# Oldest first, with commas between them.
variable "VERSIONS" {
  default = ""
  validation {
    condition     = VERSIONS != ""
    error_message = "Set VERSIONS, such as 0.28.1,0.28.2"
  }
}

# The one that `latest` shows; empty leaves it where it is.
variable "LATEST" {
  default = ""
}

target "default" {
  name       = "esbuild-${replace(version, ".", "-")}"
  matrix     = { version = split(",", VERSIONS) }
  dockerfile = "Dockerfile"
  platforms  = ["linux/amd64", "linux/arm64"]
  args       = { VERSION = version }
  tags       = concat(["${IMAGE}:${version}"], version == LATEST ? ["${IMAGE}:latest"] : [])
  output     = ["type=image,push=true"]
}
