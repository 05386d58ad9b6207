using System.Buffers.Binary;
using Mesh.Netfilter.Native;

namespace Mesh.Netfilter.Netlink;

/// <summary>The routing half of capture: packets with the connection mark are delivered locally, whatever their destination
/// (ip rule fwmark 0x111/0xfff lookup 100; ip route local default dev lo table 100).</summary>
internal static class PolicyRouting
{
    private const ushort NewLink = 16, GetLink = 18, NewRoute = 24, DeleteRoute = 25, GetRoute = 26, NewRule = 32, DeleteRule = 33, GetRule = 34;
    private const ushort RulePriority = 6, RuleMark = 10, RuleTable = 15, RuleMask = 16;
    private const ushort RouteDevice = 4, RouteTable = 15;
    private const byte ActionToTable = 1, RouteLocal = 2, ScopeHost = 254, ProtocolBoot = 3;
    private const int LoopbackIndex = 1; // the first device of every namespace
    private const uint InterfaceUp = 1;
    private const int RouteHeaderSizeBytes = 12;
    private const int LinkHeaderSizeBytes = 16;

    /// <summary>Redirected connections go to a loopback address, so the loopback device must be up.</summary>
    internal static void RaiseLoopback(NetlinkSocket socket)
    {
        var message = new NetlinkMessage(stackalloc byte[128], NewLink, NetlinkMessage.Acknowledge);
        message.Append(LinkHeader(InterfaceUp, InterfaceUp));
        Expect(socket.Execute(message.Finish()), 0, "raise", null, "loopback device");
    }

    internal static void Add(NetlinkSocket socket, IpFamily family)
    {
        const ushort flags = NetlinkMessage.Acknowledge | NetlinkMessage.Create | NetlinkMessage.Exclusive;
        Expect(socket.Execute(Rule(stackalloc byte[128], family, NewRule, flags)), LibC.Eexist, "add", family, "routing rule");
        Expect(socket.Execute(Route(stackalloc byte[128], family, NewRoute, flags)), LibC.Eexist, "add", family, "local route");
    }

    /// <summary>What is already gone is fine.</summary>
    internal static void Remove(NetlinkSocket socket, IpFamily family)
    {
        RemoveAll(socket, Rule(stackalloc byte[128], family, DeleteRule, NetlinkMessage.Acknowledge), family, "routing rule");
        RemoveAll(socket, Route(stackalloc byte[128], family, DeleteRoute, NetlinkMessage.Acknowledge), family, "local route");
    }

    internal static IEnumerable<string> Differences(NetlinkSocket socket, IpFamily family)
    {
        var differences = new List<string>();
        if (!IsLoopbackUp(socket)) differences.Add("the device lo is down");
        bool rule = false, route = false;
        Span<byte> buffer = stackalloc byte[128];
        socket.Dump(DumpRequest(buffer, GetRule, family), (type, payload) => rule |= type == NewRule && IsOwnRule(payload));
        socket.Dump(DumpRequest(buffer, GetRoute, family), (type, payload) => route |= type == NewRoute && IsOwnRoute(payload));
        if (!rule) differences.Add($"{family} routing rule fwmark 0x111/0xfff lookup {CaptureMarks.RouteTable} is missing");
        if (!route) differences.Add($"{family} route local default dev lo table {CaptureMarks.RouteTable} is missing");
        return differences;
    }

    private static bool IsLoopbackUp(NetlinkSocket socket)
    {
        bool up = false;
        var message = new NetlinkMessage(stackalloc byte[128], GetLink, NetlinkMessage.Dump);
        message.Append(LinkHeader(0, 0));
        socket.Dump(message.Finish(), (type, payload) =>
        {
            if (type == NewLink && payload.Length >= LinkHeaderSizeBytes && BinaryPrimitives.ReadInt32LittleEndian(payload[4..]) == LoopbackIndex)
                up = (BinaryPrimitives.ReadUInt32LittleEndian(payload[8..]) & InterfaceUp) != 0;
        });
        return up;
    }

    private static bool IsOwnRule(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < RouteHeaderSizeBytes || payload[7] != ActionToTable) return false;
        var attributes = payload[RouteHeaderSizeBytes..];
        return NetlinkAttributes.FindNumber(attributes, RuleMark) == CaptureMarks.Connection
            && NetlinkAttributes.FindNumber(attributes, RuleMask) == CaptureMarks.Mask
            && NetlinkAttributes.FindNumber(attributes, RuleTable) == CaptureMarks.RouteTable
            && NetlinkAttributes.FindNumber(attributes, RulePriority) == CaptureMarks.RulePriority;
    }

    private static bool IsOwnRoute(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < RouteHeaderSizeBytes || payload[1] != 0 || payload[7] != RouteLocal) return false;
        var attributes = payload[RouteHeaderSizeBytes..];
        return NetlinkAttributes.FindNumber(attributes, RouteTable) == CaptureMarks.RouteTable
            && NetlinkAttributes.FindNumber(attributes, RouteDevice) == LoopbackIndex;
    }

    private static ReadOnlySpan<byte> Rule(Span<byte> buffer, IpFamily family, ushort type, ushort flags)
    {
        var message = new NetlinkMessage(buffer, type, flags);
        message.Append([FamilyNumber(family), 0, 0, 0, CaptureMarks.RouteTable, 0, 0, ActionToTable, 0, 0, 0, 0]);
        message.Attribute(RulePriority, CaptureMarks.RulePriority);
        message.Attribute(RuleMark, CaptureMarks.Connection);
        message.Attribute(RuleMask, CaptureMarks.Mask);
        message.Attribute(RuleTable, CaptureMarks.RouteTable);
        return message.Finish();
    }

    private static ReadOnlySpan<byte> Route(Span<byte> buffer, IpFamily family, ushort type, ushort flags)
    {
        var message = new NetlinkMessage(buffer, type, flags);
        byte scope = family == IpFamily.IPv4 ? ScopeHost : (byte)0; // IPv6 routes have no scope
        message.Append([FamilyNumber(family), 0, 0, 0, CaptureMarks.RouteTable, ProtocolBoot, scope, RouteLocal, 0, 0, 0, 0]);
        message.Attribute(RouteDevice, LoopbackIndex);
        return message.Finish();
    }

    private static ReadOnlySpan<byte> DumpRequest(Span<byte> buffer, ushort type, IpFamily family)
    {
        var message = new NetlinkMessage(buffer, type, NetlinkMessage.Dump);
        message.Append([FamilyNumber(family), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        return message.Finish();
    }

    private static byte[] LinkHeader(uint flags, uint change)
    {
        var header = new byte[LinkHeaderSizeBytes];
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(4), LoopbackIndex);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), flags);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(12), change);
        return header;
    }

    private static byte FamilyNumber(IpFamily family) => family == IpFamily.IPv4 ? (byte)2 : (byte)10;

    private static void RemoveAll(NetlinkSocket socket, ReadOnlySpan<byte> request, IpFamily family, string what)
    {
        const int bound = 16; // repeated rules are possible, endless ones are not
        for (int i = 0; i < bound; i++)
        {
            int errno = socket.Execute(request);
            if (errno is LibC.Enoent or LibC.Esrch or LibC.Eafnosupport) return;
            Expect(errno, 0, "remove", family, what);
        }
    }

    // The words are put together only when they are needed: the name of an enum value takes longer than the call.
    private static void Expect(int errno, int tolerated, string verb, IpFamily? family, string what)
    {
        if (errno == 0 || errno == tolerated) return;
        throw new CaptureException($"cannot {verb} the {(family is { } known ? $"{known} " : "")}{what}: {LibC.ErrorText(errno)}");
    }
}
