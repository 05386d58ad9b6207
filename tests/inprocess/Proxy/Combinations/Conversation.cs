using Mesh.Kit.Proxy;

namespace Mesh.Tests.InProcess.Proxy.Combinations;

/// <summary>What a client and an application say to each other, both played by one function that knows every byte.</summary>
/// <param name="Wire">What the application's port is declared as.</param>
/// <param name="IsDetected">The same is carried where nothing is declared.</param>
internal sealed record Conversation(string Name, TestMachines.Wire Wire, Func<Talk, Task> HoldAsync, bool IsDetected = true);

/// <summary>The two ends of one conversation.</summary>
/// <param name="AcceptAsync">The application's end.</param>
/// <param name="RecordAsync">What is reported at the client's side, first.</param>
internal sealed record Talk(Way Way, Peer Client, Func<Task<Peer>> AcceptAsync, Func<Task<TrafficRecord>> RecordAsync)
{
    /// <summary>Fields that are added to a request on this way.</summary>
    public string[] Added => Way == Way.Gateway ? ["x-forwarded-for: 127.0.0.1", "x-forwarded-proto: http"] : [];
}
