#!/bin/bash
# What jobs/Dockerfile and jobs/harsanyi.def do inside of a bare Debian 12, as root.
#
#   container.sh packages     install what building needs
#   container.sh build        build and install into /image/usr/local, with the demo's data, and list
#                             in /image/packages what the program needs of Debian when it runs
#   container.sh install      in the image itself, where /image was copied to /: those packages
set -euo pipefail
source "$(dirname "$0")/setup.sh"

case ${1:-} in
  packages)
    install $build_packages
    ;;
  build)
    build release
    DESTDIR=/image cmake --install "$root/build/release" --prefix /usr/local --strip
    mkdir -p /image/usr/local/share/harsanyi
    cp -r "$root/data" /image/usr/local/share/harsanyi/
    # Debian's own tool finds packages by the libraries that a program is linked with. It takes
    # /image for a package's tree, and wants to be in its source.
    scratch=$(mktemp -d)
    mkdir "$scratch/debian" /image/DEBIAN
    touch "$scratch/debian/control"
    cd "$scratch"
    dpkg-shlibdeps -O /image/usr/local/bin/harsanyi /image/usr/local/lib/*.so |
      sed 's/^shlibs:Depends=//; s/([^)]*)//g; s/|[^,]*//g; s/,//g' > /image/packages
    rmdir /image/DEBIAN
    ;;
  install)
    install openmpi-bin $(cat /packages)
    rm -rf /packages /var/lib/apt/lists/*
    ldconfig
    ;;
  *)
    echo "usage: $0 packages|build|install" >&2
    exit 64
    ;;
esac
