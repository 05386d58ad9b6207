using System.IO.Pipelines;
using Mesh.Io;

namespace Mesh.Http.Detection;

public enum OpeningState
{
    Watching,

    /// <summary>The client's bytes tell what it speaks; of TLS, the ClientHello is whole or never will be.</summary>
    Decided,

    /// <summary>Bytes came, not enough to tell, and nothing more.</summary>
    TimedOut,

    /// <summary>The client ended its side before it said anything.</summary>
    Ended,

    /// <summary>The connection broke; whoever reads next learns it.</summary>
    Broken,

    /// <summary>Somebody else has decided.</summary>
    Stopped,
}

/// <summary>How long a client may take.</summary>
/// <param name="Silence">Before its first byte; zero: for ever.</param>
/// <param name="Undecided">From its first byte until that tells what it speaks; zero: what comes first must tell.</param>
/// <param name="Hello">From the beginning of its ClientHello to the end.</param>
public readonly record struct OpeningPatience(TimeSpan Silence, TimeSpan Undecided, TimeSpan Hello);

/// <summary>Watches what a client says first and leaves the bytes where they are. Nobody else reads until <see cref="RunAsync"/> has ended.</summary>
public sealed class Opening
{
    private readonly PipeReader input;
    private readonly LoopTimer timer;
    private ClientHelloReader? hello;

    public Opening(Connection client)
    {
        input = client.Input;
        timer = new LoopTimer(client.Loop.Timers, static self => ((Opening)self!).Finish(OpeningState.TimedOut), this);
    }

    public OpeningState State { get; private set; }

    /// <summary>What the bytes so far tell.</summary>
    public DetectedProtocol Protocol { get; private set; }

    /// <summary>Null unless a whole, well-formed one has come.</summary>
    public ClientHello? Hello => hello?.Hello;

    /// <summary>What is wrong with the ClientHello; empty when nothing is.</summary>
    public string HelloProblem => hello?.Problem ?? "";

    /// <summary>Whether any byte came.</summary>
    public bool HasSpoken { get; private set; }

    /// <summary>Watches until the state is another than <see cref="OpeningState.Watching"/>.</summary>
    public async Task RunAsync(OpeningPatience patience)
    {
        if (patience.Silence > TimeSpan.Zero) timer.Arm(patience.Silence);
        try
        {
            while (State == OpeningState.Watching)
            {
                var read = await input.ReadAsync();
                Look(read, patience);
                bool more = State == OpeningState.Watching;
                input.AdvanceTo(read.Buffer.Start, more ? read.Buffer.End : read.Buffer.Start);
            }
        }
        catch (ConnectionBrokenException)
        {
            State = OpeningState.Broken;
        }
        finally
        {
            timer.Cancel();
        }
    }

    /// <summary>Ends the watching; what has come before still counts. <see cref="RunAsync"/> ends soon after.</summary>
    public void Stop() => Finish(OpeningState.Stopped);

    private void Finish(OpeningState state)
    {
        if (State != OpeningState.Watching) return;
        State = state;
        // A cancellation that met no wait would be taken by the next reader: here somebody always waits.
        input.CancelPendingRead();
    }

    private void Look(in ReadResult read, in OpeningPatience patience)
    {
        var before = (HasSpoken, Protocol);
        HasSpoken |= !read.Buffer.IsEmpty;
        if (IsDecided(read)) State = OpeningState.Decided;
        else if (read.IsCompleted) State = HasSpoken ? OpeningState.Decided : OpeningState.Ended;
        if (State != OpeningState.Watching) return;
        if (Protocol == DetectedProtocol.Tls && before.Protocol != DetectedProtocol.Tls) timer.Arm(patience.Hello);
        else if (HasSpoken && !before.HasSpoken && patience.Undecided > TimeSpan.Zero) timer.Arm(patience.Undecided);
        else if (HasSpoken && Protocol == DetectedProtocol.Unknown && patience.Undecided == TimeSpan.Zero) State = OpeningState.TimedOut;
    }

    private bool IsDecided(in ReadResult read)
    {
        if (Protocol == DetectedProtocol.Unknown) Protocol = FirstBytes.Detect(read.Buffer);
        if (Protocol != DetectedProtocol.Tls) return Protocol != DetectedProtocol.Unknown;
        hello ??= new ClientHelloReader();
        return hello.Read(read.Buffer) != ClientHelloState.NeedsMore;
    }
}
