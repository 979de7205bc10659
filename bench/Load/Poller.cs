using System.Buffers.Binary;
using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Hypervize.Bench.Load;

/// <summary>
/// Waits for many sockets, and for a clock, on one thread: Linux's epoll, without the hops between threads of .NET's own asynchronous
/// sockets, which would cost more than the proxies that are measured.
/// </summary>
internal sealed class Poller : IDisposable
{
    private const int Readable = 1;
    private const int Writable = 4;
    private const int OnceEach = 1 << 31;
    private const int AddIt = 1;
    private const int Monotonic = 1;
    private const int NonBlocking = 0x800;
    private const int Most = 512;

    // The kernel packs the structure on x64 alone.
    private static readonly bool Packed = RuntimeInformation.ProcessArchitecture == Architecture.X64;
    private static readonly int Size = Packed ? 12 : 16;
    private static readonly int TokenAt = Packed ? 4 : 8;

    private readonly int _epoll = Checked(epoll_create1(0));
    private readonly byte[] _events = new byte[Most * Size];
    private readonly byte[] _ticks = new byte[8];
    private int _clock = -1;

    /// <summary>Watches a socket for what can be read: told again until it was.</summary>
    /// <param name="socket">The socket; closing it ends the watch.</param>
    /// <param name="token">What is told of it.</param>
    public void Watch(Socket socket, int token) => Watch((int)socket.Handle, Readable, token);

    /// <summary>Watches a socket for all that happens to it, from being connected on: told once of each.</summary>
    /// <param name="socket">The socket; closing it ends the watch.</param>
    /// <param name="token">What is told of it.</param>
    public void WatchAll(Socket socket, int token) => Watch((int)socket.Handle, Readable | Writable | OnceEach, token);

    /// <summary>Starts a clock that ticks at exact times, by <see cref="System.Diagnostics.Stopwatch"/>'s own source.</summary>
    /// <param name="nanoseconds">Time between ticks; 0 stops it.</param>
    /// <param name="token">What is told of a tick.</param>
    public void Tick(long nanoseconds, int token)
    {
        if (_clock < 0) Watch(_clock = Checked(timerfd_create(Monotonic, NonBlocking)), Readable, token);
        var (seconds, rest) = Math.DivRem(nanoseconds, 1_000_000_000);
        Checked(timerfd_settime(_clock, 0, [seconds, rest, seconds, rest], 0));
    }

    /// <summary>Takes the ticks that have come, so that the clock is quiet until the next.</summary>
    public void Ticked() => _ = read(_clock, _ticks, _ticks.Length);

    /// <summary>Waits until something happens.</summary>
    /// <param name="milliseconds">Longest wait; -1 for no bound.</param>
    /// <returns>How many are ready: <see cref="Token"/> tells which.</returns>
    public int Wait(int milliseconds) => Math.Max(0, epoll_wait(_epoll, _events, Most, milliseconds));

    /// <summary>The token of one that is ready.</summary>
    /// <param name="index">Below what <see cref="Wait"/> returned.</param>
    public int Token(int index) => (int)BinaryPrimitives.ReadInt64LittleEndian(_events.AsSpan(index * Size + TokenAt));

    /// <inheritdoc/>
    public void Dispose()
    {
        _ = close(_epoll);
        if (_clock >= 0) _ = close(_clock);
    }

    private void Watch(int handle, int what, int token)
    {
        var it = new byte[Size];
        BinaryPrimitives.WriteInt32LittleEndian(it, what);
        BinaryPrimitives.WriteInt64LittleEndian(it.AsSpan(TokenAt), token);
        Checked(epoll_ctl(_epoll, AddIt, handle, it));
    }

    private static int Checked(int result) => result >= 0 ? result : throw new Win32Exception();

    [DllImport("libc", SetLastError = true)]
    private static extern int epoll_create1(int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern int epoll_ctl(int epoll, int operation, int handle, byte[] it);

    [DllImport("libc", SetLastError = true)]
    private static extern int epoll_wait(int epoll, byte[] events, int most, int milliseconds);

    [DllImport("libc", SetLastError = true)]
    private static extern int timerfd_create(int clock, int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern int timerfd_settime(int handle, int flags, long[] intervalAndFirst, nint before);

    [DllImport("libc", SetLastError = true)]
    private static extern nint read(int handle, byte[] into, nint most);

    [DllImport("libc", SetLastError = true)]
    private static extern int close(int handle);
}
