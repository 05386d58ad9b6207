using System.Runtime.InteropServices;
using System.Text;
using Mesh.Netfilter.Native;

namespace Mesh.Netfilter.Processes;

/// <summary>One run of a system tool in the network namespace of the thread that starts it. posix_spawn, because the framework's
/// Process class costs a plugin call several milliseconds and decides itself which thread forks.</summary>
internal sealed unsafe class ChildProcess : IDisposable
{
    private const int OutputLimitBytes = 4 << 20; // iptables-save of a node with tens of thousands of rules
    private const int SpawnActionsSizeBytes = 512; // glibc and musl use 80
    private static readonly string[] Environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"];

    private readonly MemoryFile input = new("stdin");
    private readonly MemoryFile output = new("stdout");
    private readonly MemoryFile error = new("stderr");
    private readonly int pid;
    private bool reaped;

    private ChildProcess(string path, string[] arguments, ReadOnlySpan<byte> stdin)
    {
        Name = path;
        input.Fill(stdin);
        pid = Spawn(path, [path, .. arguments]);
    }

    internal string Name { get; }

    internal static ChildProcess Start(string path, string[] arguments, ReadOnlySpan<byte> stdin) => new(path, arguments, stdin);

    /// <exception cref="CaptureException">It ran longer than the timeout and was killed.</exception>
    internal ChildResult Wait(TimeSpan timeout)
    {
        bool ended = WaitForExit(timeout);
        if (!ended) _ = LibC.Kill(pid, LibC.SigKill);
        int status = Reap();
        if (!ended) throw new CaptureException($"{Path.GetFileName(Name)} did not end within {timeout.TotalSeconds:0.#} s and was killed");
        int exitCode = (status & 0x7f) == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f);
        return new(exitCode, Encoding.UTF8.GetString(output.ReadAll(OutputLimitBytes)), Encoding.UTF8.GetString(error.ReadAll(OutputLimitBytes)).Trim());
    }

    /// <summary>One child for each item, all at the same time.</summary>
    /// <param name="meanwhile">What the calling thread does before it waits for them.</param>
    internal static List<TResult> RunAll<TItem, TResult>(
        List<TItem> items, Func<TItem, ChildProcess> start, Converter<ChildProcess, TResult> finish, Action? meanwhile = null)
    {
        var children = new List<ChildProcess>();
        try
        {
            foreach (var item in items) children.Add(start(item));
            meanwhile?.Invoke();
            return children.ConvertAll(finish);
        }
        finally
        {
            foreach (var child in children) child.Dispose();
        }
    }

    private int Spawn(string path, string[] arguments)
    {
        byte* actions = stackalloc byte[SpawnActionsSizeBytes];
        _ = LibC.SpawnActionsInit(actions);
        using var argv = new NativeStrings(arguments);
        using var environment = new NativeStrings(Environment);
        try
        {
            _ = LibC.SpawnActionsDup2(actions, input.Descriptor, 0);
            _ = LibC.SpawnActionsDup2(actions, output.Descriptor, 1);
            _ = LibC.SpawnActionsDup2(actions, error.Descriptor, 2);
            int child;
            int errno = LibC.PosixSpawn(&child, argv.First, actions, null, argv.Pointer, environment.Pointer);
            return errno == 0 ? child : throw new CaptureException($"cannot start {path}: {LibC.ErrorText(errno)}");
        }
        finally
        {
            _ = LibC.SpawnActionsDestroy(actions);
        }
    }

    private bool WaitForExit(TimeSpan timeout)
    {
        int pidfd = (int)LibC.Syscall(LibC.SysPidfdOpen, pid, 0);
        if (pidfd < 0) throw new CaptureException($"pidfd_open failed: {LibC.ErrorText(Marshal.GetLastPInvokeError())}");
        var poll = new PollFd { Fd = pidfd, Events = LibC.PollIn };
        int ready;
        do ready = LibC.Poll(&poll, 1, (int)timeout.TotalMilliseconds);
        while (ready < 0 && Marshal.GetLastPInvokeError() == LibC.Eintr);
        _ = LibC.Close(pidfd);
        return ready > 0;
    }

    private int Reap()
    {
        int status = 0;
        while (LibC.WaitPid(pid, &status, 0) < 0 && Marshal.GetLastPInvokeError() == LibC.Eintr) { }
        reaped = true;
        return status;
    }

    /// <summary>Kills it if nobody waited for it.</summary>
    public void Dispose()
    {
        if (!reaped)
        {
            _ = LibC.Kill(pid, LibC.SigKill);
            Reap();
        }
        input.Dispose();
        output.Dispose();
        error.Dispose();
    }
}

/// <param name="ExitCode">128 plus the signal's number if a signal ended it.</param>
internal readonly record struct ChildResult(int ExitCode, string Output, string Error);
