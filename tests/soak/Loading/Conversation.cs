using Mesh.Soak.Bodies;

namespace Mesh.Soak.Loading;

/// <summary>One run of one kind of traffic.</summary>
internal sealed record Conversation(Target Target, Draw Draw, Ledger Ledger, HttpClients Http, CancellationToken Bound)
{
    /// <summary>What it was about to do, for the message when it fails.</summary>
    public string Doing { get; set; } = "begin";
}

/// <summary>A kind of traffic. Ends in order when everything was as expected, whatever that was; any exception is a failure.</summary>
/// <param name="Share">Of all conversations, relative to the other kinds.</param>
internal sealed record TrafficKind(string Name, int Share, Func<Target, bool> Fits, Func<Conversation, Task> RunAsync);
