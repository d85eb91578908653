#!/usr/bin/env bash
# Runs unit tests on an emulated processor with AVX-512, for machines without one: Bochs, as a
# Skylake-X, boots Debian's kernel with the tests in its memory. A quarter of an hour. It says
# nothing about speed.
#
#   tests/avx512.sh [TEST ...]     unit tests; without arguments those of kernels for AVX-512
#
# Then the program is told that OpenBLAS took the processor for a Haswell, and has to start itself
# anew with OpenBLAS's kernels for AVX-512.
set -euo pipefail
source "$(dirname "$0")/../jobs/setup.sh"

[ $# -gt 0 ] || set -- packed conv blas butterfly_engines
install $build_packages libcmocka-dev bochs bochsbios vgabios grub-pc-bin grub-common xorriso \
  mtools busybox-static cpio
build dev
work="$root/build/avx512"
disk="$work/disk"
rm -rf "$work"
mkdir -p "$disk"/{bin,dev,proc,sys,tmp} "$work/iso/boot/grub"
cd "$work"

# The kernel of Debian's cloud images has all that is needed, and little else.
image=linux-image-cloud-amd64
kernel=$(apt-cache depends "$image" 2>/dev/null | sed -n 's/.*Depends: \(linux-image\)/\1/p')
quietly apt-get download -o APT::Sandbox::User=root "${kernel:?no package $image: apt-get update}"
dpkg-deb -x "$kernel"*.deb kernel
cp kernel/boot/vmlinuz-* iso/boot/vmlinuz

# put FILE...: onto the disk, with the libraries they need, where they stand here.
put() {
  local file
  for file in "$@" $(ldd "$@" | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p; s/^\t\(\/[^ ]*\) .*/\1/p'); do
    mkdir -p "$disk$(dirname "$file")"
    cp -Lu "$file" "$disk$file"
  done
}

dev="$root/build/dev"
put "${@/#/$dev/tests/test_}" "$dev/harsanyi"
# MPI's parts are loaded by name.
put "$(ompi_info --parsable --path pkglibdir | sed 's/.*://')"/*.so
mkdir -p "$disk"/{etc,usr/share}
cp -rL /etc/openmpi "$disk/etc/"
cp -rL /usr/share/openmpi "$disk/usr/share/"
echo "root:x:0:0:root:/tmp:/bin/sh" >"$disk/etc/passwd"
echo "127.0.0.1 localhost emulated" >"$disk/etc/hosts"
cp /bin/busybox "$disk/bin/"
mkdir -p "$disk$root/data"
cp "$root"/data/digits_{cnn.onnx,images.npy} "$disk$root/data/"

cat >shim.c <<'C'
#include <stdlib.h>
char *openblas_get_corename(void);
char *openblas_get_corename(void) {
  char *core = getenv("OPENBLAS_CORETYPE");
  return core ? core : "Haswell";
}
C
gcc -shared -fPIC -o "$disk/shim.so" shim.c

cat >"$disk/init" <<INIT
#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t sysfs sys /sys
/bin/busybox ip link set lo up
/bin/busybox hostname emulated
exec >/dev/ttyS0 2>&1
cd /tmp
echo "processor: \$(/bin/busybox grep -o -m1 avx512f /proc/cpuinfo | /bin/busybox head -n1)"
for test in $*; do
  $dev/tests/test_\$test
  echo "\$test ended with \$?"
done
export OMPI_MCA_ess_singleton_isolated=1 OMPI_MCA_plm=isolated OMPI_MCA_pml=ob1 OMPI_MCA_btl=self
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 HARSANYI_BENCH_SECONDS=0.1
export OPENBLAS_VERBOSE=2 HOME=/tmp PATH=/bin
LD_PRELOAD=/shim.so $dev/harsanyi bench evaluate --model $root/data/digits_cnn.onnx \\
  --samples $root/data/digits_images.npy --select 0 --players grid:2x3
echo "program ended with \$?"
/bin/busybox sleep 3
/bin/busybox poweroff -f
INIT
chmod +x "$disk/init"
(cd "$disk" && find . | cpio -o -H newc --quiet) >iso/boot/initrd

# Bochs gives the sizes of compacted XSAVE areas in a way that the kernel does not believe.
cat >iso/boot/grub/grub.cfg <<'GRUB'
set timeout=0
menuentry tests {
  linux /boot/vmlinuz console=ttyS0 quiet mitigations=off lpj=4000000 clearcpuid=xsaves,xsavec,pku
  initrd /boot/initrd
}
GRUB
quietly grub-mkrescue -o boot.iso iso
cat >bochsrc <<'BOCHS'
cpu: model=corei7_skylake_x, count=1, ips=100000000, ignore_bad_msrs=1
memory: guest=1024, host=1024
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/vgabios/vgabios.bin
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path=boot.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=serial.txt
display_library: rfb, options="timeout=0"
log: bochs.log
clock: sync=none
BOCHS
echo c >start # Debian's Bochs waits for its debugger
echo "booting; the output goes to $work/serial.txt"
touch serial.txt
timeout 3000 bochs -q -f bochsrc -rc start </dev/null >bochs.out 2>&1 &
emulator=$!
trap 'kill "$emulator" 2>/dev/null || true' EXIT
until grep -q 'program ended with [0-9]*.$' serial.txt || ! kill -0 "$emulator" 2>/dev/null; do
  sleep 2
done

status=0
tr -d '\r' <serial.txt | sed -n '/^processor/,$p'
for line in "processor: avx512f" "${@/%/ ended with 0}" "program ended with 0"; do
  grep -q "^$line" serial.txt || { echo "missing: $line" >&2; status=1; }
done
if grep -q SKIPPED serial.txt; then
  echo "tests were skipped" >&2
  status=1
fi
# OpenBLAS says so whenever it is loaded.
if [ "$(grep -c 'Core: SkylakeX' serial.txt)" -ne 2 ]; then
  echo "the program did not start itself anew" >&2
  status=1
fi
exit "$status"
