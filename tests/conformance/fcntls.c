/* SPDX-License-Identifier: MIT */
/*
 * fcntl(), dup(): duplicates, flags of descriptors and of files, owners, SIGIO: fcntl(2),
 * dup(2).
 */
#include "transcript.h"

static volatile sig_atomic_t sig_fd, sig_code, sig_band, sig_no;

static void on_io(int sig, siginfo_t *info, void *ctx)
{
	(void)ctx;
	sig_no = sig;
	sig_fd = info->si_fd;
	sig_code = info->si_code;
	sig_band = (sig_atomic_t)info->si_band;
}

int main(void)
{
	int fd = FD(socket(AF_INET, SOCK_STREAM, 0)), d, sv[2];
	struct f_owner_ex ex;
	char byte;

	part("duplicates");
	d = FD(fcntl(fd, F_DUPFD, 100));
	VALUE(d);
	VALUE(fcntl(d, F_GETFD));
	VALUE(fcntl(fd, F_DUPFD_CLOEXEC, 100));
	VALUE(fcntl(101, F_GETFD));
	CALL(fcntl(fd, F_DUPFD, -1));
	CALL(fcntl(fd, F_DUPFD, 1 << 30));
	CALL(dup(999));
	VALUE(dup2(fd, 50));
	VALUE(dup2(fd, fd) == fd);
	CALL(dup2(999, 50));
	CALL(dup2(fd, -1));
	CALL(dup3(fd, fd, 0));
	CALL(dup3(fd, 51, 77));
	VALUE(dup3(fd, 51, O_CLOEXEC));
	VALUE(fcntl(51, F_GETFD));
	part("flags are the file's, FD_CLOEXEC the descriptor's");
	CALL(fcntl(fd, F_SETFL, O_NONBLOCK));
	FACT(fcntl(d, F_GETFL) & O_NONBLOCK);
	CALL(fcntl(fd, F_SETFL, O_RDONLY));
	FACT(fcntl(d, F_GETFL) == O_RDWR);
	CALL(fcntl(fd, F_SETFD, FD_CLOEXEC));
	VALUE(fcntl(d, F_GETFD));
	CALL(fcntl(fd, F_SETFD, 0));
	CALL(fcntl(fd, 9999, 0));
	CALL(fcntl(999, F_GETFD));
	part("FIONBIO, FIOCLEX");
	int one = 1, zero = 0;

	CALL(ioctl(fd, FIONBIO, &one));
	FACT(fcntl(fd, F_GETFL) & O_NONBLOCK);
	CALL(ioctl(fd, FIONBIO, &zero));
	FACT(fcntl(fd, F_GETFL) & O_NONBLOCK);
	CALL(ioctl(fd, FIOCLEX));
	VALUE(fcntl(fd, F_GETFD));
	CALL(ioctl(fd, FIONCLEX));
	VALUE(fcntl(fd, F_GETFD));
	CALL(ioctl(999, FIONBIO, &one));
	part("owners");
	CALL(fcntl(fd, F_GETOWN));
	CALL(fcntl(fd, F_SETOWN, getpid()) == 0);
	FACT(fcntl(fd, F_GETOWN) == getpid());
	CALL(fcntl(fd, F_SETOWN, 999999));
	CALL(fcntl(fd, F_GETSIG));
	CALL(fcntl(fd, F_SETSIG, 65));
	CALL(fcntl(fd, F_SETSIG, SIGRTMIN + 1) == 0);
	FACT(fcntl(fd, F_GETSIG) == SIGRTMIN + 1);
	ex = (struct f_owner_ex){F_OWNER_TID, gettid()};
	CALL(fcntl(fd, F_SETOWN_EX, &ex));
	CALL(fcntl(fd, F_GETOWN_EX, &ex));
	FACT(ex.type == F_OWNER_TID && ex.pid == gettid());
	ex.type = 9;
	CALL(fcntl(fd, F_SETOWN_EX, &ex));
	part("SIGIO");
	struct sigaction sa = {.sa_sigaction = on_io, .sa_flags = SA_SIGINFO};

	catch_signal(SIGIO, 0);
	sigaction(SIGRTMIN + 1, &sa, NULL);
	socketpair(AF_UNIX, SOCK_STREAM, 0, sv);
	fcntl(sv[0], F_SETOWN, getpid());
	CALL(fcntl(sv[0], F_SETFL, O_ASYNC));
	FACT(fcntl(sv[0], F_GETFL) & O_ASYNC);
	write(sv[1], "x", 1);
	settle();
	VALUE(caught[SIGIO]);
	read(sv[0], &byte, 1);
	VALUE(caught[SIGIO]);
	CALL(fcntl(sv[0], F_SETSIG, SIGRTMIN + 1));
	write(sv[1], "x", 1);
	settle();
	FACT(sig_no == SIGRTMIN + 1 && sig_fd == sv[0]);
	VALUE(sig_code);
	printf("%s\n", poll_names((unsigned)sig_band));
	CALL(ioctl(sv[0], FIOASYNC, &zero));
	sig_fd = -1;
	write(sv[1], "y", 1);
	settle();
	VALUE(sig_fd);
	part("close_range");
	d = fcntl(fd, F_DUPFD, 200);
	fcntl(fd, F_DUPFD, 201);
	CALL((int)syscall(SYS_close_range, 200, 300, 0));
	CALL(fcntl(200, F_GETFD));
	CALL((int)syscall(SYS_close_range, 300, 200, 0));
	CALL((int)syscall(SYS_close_range, 40, 50, 4));
	VALUE(fcntl(50, F_GETFD));
	CALL(close(200));
	return 0;
}
