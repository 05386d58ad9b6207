using Mesh.Kit.Proxy;

namespace Mesh.Tests.InProcess.Proxy.Combinations;

/// <summary>Every protocol over every way, declared and, between workloads, undeclared.</summary>
public sealed class EveryCombinationTests
{
    private static readonly Conversation[] all =
    [
        .. Http1Talk.All, .. Http2Talk.All, .. TranslatedTalk.All, .. GrpcTalk.All, .. WebSocketTalk.All, .. RedisTalk.All, .. TlsTalk.All, .. TcpTalk.All,
    ];

    public static TheoryData<string, Way, bool> Cells
    {
        get
        {
            var cells = new TheoryData<string, Way, bool>();
            foreach (var conversation in all)
            {
                foreach (var way in Enum.GetValues<Way>())
                {
                    cells.Add(conversation.Name, way, true);
                    if (conversation.IsDetected && way != Way.Gateway) cells.Add(conversation.Name, way, false);
                }
            }
            return cells;
        }
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public Task Conversation_is_carried_to_its_last_byte(string conversation, Way way, bool declared)
    {
        var held = all.Single(one => one.Name == conversation);
        return Ways.RunAsync(way, declared ? held.Wire : TestMachines.Wire.Detect, (client, accept, record) => held.HoldAsync(new Talk(way, client, accept, record)));
    }
}
