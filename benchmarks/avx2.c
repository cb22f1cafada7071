/* Shows a program a processor without AVX-512, AVX-VNNI and AMX, to measure what it would do on one.
 *
 *     cc -O2 -shared -fPIC -o avx2.so benchmarks/avx2.c
 *     LD_PRELOAD=$PWD/avx2.so python -m benchmarks.classify_speed ...
 *
 * Linux can let CPUID fault (arch_prctl(2), ARCH_SET_CPUID), where /proc/cpuinfo lists cpuid_fault; the
 * handler here answers in its place. All libraries choose their kernels by CPUID, ONNX Runtime and oneDNN
 * included; what the dynamic loader chose before this is loaded stays (GLIBC_TUNABLES speaks to that).
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define ARCH_SET_CPUID 0x1012

#define BIT(n) (1u << (n))
/* Of leaf 7: AVX-512 in all its parts, AMX, AVX-VNNI, AVX10. */
static const uint32_t EBX_7_0 = BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | BIT(28) | BIT(30) | BIT(31);
static const uint32_t ECX_7_0 = BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14);
static const uint32_t EDX_7_0 = BIT(2) | BIT(3) | BIT(8) | BIT(22) | BIT(23) | BIT(24) | BIT(25);
static const uint32_t EAX_7_1 = BIT(4) | BIT(5) | BIT(21) | BIT(23);
static const uint32_t EDX_7_1 = BIT(4) | BIT(5) | BIT(8) | BIT(10) | BIT(19);

static void answer(int signal_number, siginfo_t *info, void *context)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const uint8_t *instruction = (const uint8_t *)registers[REG_RIP];
    (void)info;
    if (instruction[0] != 0x0f || instruction[1] != 0xa2) {
        /* A fault of the program's own: let it happen. */
        signal(signal_number, SIG_DFL);
        return;
    }
    uint32_t leaf = (uint32_t)registers[REG_RAX], part = (uint32_t)registers[REG_RCX];
    uint32_t a, b, c, d;
    syscall(SYS_arch_prctl, ARCH_SET_CPUID, 1);
    __cpuid_count(leaf, part, a, b, c, d);
    syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0);
    if (leaf == 7 && part == 0) {
        b &= ~EBX_7_0;
        c &= ~ECX_7_0;
        d &= ~EDX_7_0;
    } else if (leaf == 7 && part == 1) {
        a &= ~EAX_7_1;
        d &= ~EDX_7_1;
    } else if (leaf == 0x24) {
        a = b = c = d = 0;
    }
    registers[REG_RAX] = a;
    registers[REG_RBX] = b;
    registers[REG_RCX] = c;
    registers[REG_RDX] = d;
    registers[REG_RIP] += 2;
}

__attribute__((constructor)) static void begin(void)
{
    struct sigaction action = {.sa_sigaction = answer, .sa_flags = SA_SIGINFO | SA_NODEFER};
    if (sigaction(SIGSEGV, &action, NULL) || syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0)) {
        fprintf(stderr, "avx2: this processor or system cannot hide what it can\n");
        exit(70);
    }
}
