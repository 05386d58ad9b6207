using Mesh.Soak.Accounts;
using Mesh.Soak.Bodies;
using Mesh.Soak.Loading;

namespace Mesh.Tests.Hosts.Soak;

/// <summary>What the soak relies on finds what it is there to find.</summary>
public sealed class ChecksTests
{
    private const string Quiet = """
        mesh_buffer_blocks_outstanding{loop="worker-0"} 0
        mesh_http2_streams_active{loop="worker-0"} 0
        mesh_sockets_open{loop="worker-0"} 3
        mesh_connections_active{reporter="source"} 0
        mesh_downstream_connections{loop="worker-0",listener="outbound"} 0
        mesh_downstream_connections{loop="worker-0",listener="tunnel"} 1
        mesh_upstream_connections_kept{loop="worker-0",kind="http1"} 0
        mesh_upstream_connections_kept{loop="worker-0",kind="hbone"} 2
        """;

    private static readonly byte[] body = Pattern.Make(7, 20_000);

    [Theory]
    [InlineData(1)]
    [InlineData(13)]
    [InlineData(4096)]
    [InlineData(20_000)]
    public void A_right_body_is_right_in_pieces_of_any_size(int piece) => Assert.Null(Check(body, piece));

    [Theory]
    [InlineData(0)]
    [InlineData(9_999)]
    [InlineData(19_999)]
    public void A_flipped_bit_is_found_where_it_is(int at)
    {
        byte[] wrong = [.. body];
        wrong[at] ^= 1;
        Assert.Contains($"byte {at} of 20000 is wrong", Check(wrong, 777));
    }

    [Fact]
    public void Lost_doubled_swapped_and_foreign_bytes_are_found()
    {
        Assert.Contains("is wrong", Check([.. body[..5000], .. body[5001..], 0], 777));
        Assert.Contains("is wrong", Check([.. body[..5000], .. body[4096..19_096]], 777));
        Assert.Contains("is wrong", Check([.. body[..4096], .. body[8192..12_288], .. body[4096..8192], .. body[12_288..]], 777));
        Assert.Contains("is wrong", Check([.. body[..8], .. Pattern.Make(8, 20_000)[8..]], 777));
        Assert.Contains("ended after 19999 of 20000", Check(body[..19_999], 777));
        Assert.Contains("goes on beyond", Check([.. body, 1], 777));
    }

    [Fact]
    public void Quiet_daemon_has_nothing_left() => Assert.Empty(Left(Quiet, descriptors: 103));

    [Theory]
    [InlineData("blocks_outstanding{loop=\"worker-0\"} 0", "blocks_outstanding{loop=\"worker-0\"} 1")]
    [InlineData("streams_active{loop=\"worker-0\"} 0", "streams_active{loop=\"worker-0\"} 1")]
    [InlineData("connections_active{reporter=\"source\"} 0", "connections_active{reporter=\"source\"} 1")]
    [InlineData("listener=\"outbound\"} 0", "listener=\"outbound\"} 1")]
    [InlineData("kind=\"http1\"} 0", "kind=\"http1\"} 1")]
    [InlineData("sockets_open{loop=\"worker-0\"} 3", "sockets_open{loop=\"worker-0\"} 4")]
    public void Anything_that_is_left_is_told(string quiet, string left) => Assert.Single(Left(Quiet.Replace(quiet, left, StringComparison.Ordinal), descriptors: 103));

    [Fact]
    public void Descriptors_that_nothing_accounts_for_are_told() => Assert.Single(Left(Quiet, descriptors: 120));

    [Fact]
    public void Requests_that_are_missing_doubled_or_miscounted_in_the_log_are_told()
    {
        LedgerEntry[] ledger = [new(true, 1, 2), new(false, -1, -1), new(true, -1, 5), new(true, 1, 2)];
        Recorded[] right = [new(1, 1, 2), default, new(1, 99, 5), new(1, 1, 2)];
        Assert.Empty(Books.OfRequests("c", ledger, right));
        Assert.Contains("c.0", Assert.Single(Books.OfRequests("c", ledger, [default, .. right[1..]])));
        Assert.Contains("c.1", Assert.Single(Books.OfRequests("c", ledger, [right[0], new(2, 0, 0), .. right[2..]])));
        Assert.Contains("c.3", Assert.Single(Books.OfRequests("c", ledger, [.. right[..3], new(1, 1, 3)])));
    }

    private static string? Check(byte[] bytes, int piece)
    {
        var check = new PatternCheck(7, body.Length);
        foreach (byte[] part in bytes.Chunk(piece)) check.Take(part);
        check.End();
        return check.Problem;
    }

    private static IReadOnlyList<string> Left(string metrics, int descriptors) =>
        Quiescence.Left(new Usage(1, 100, new Metrics()), new Usage(1, descriptors, Metrics.Parse(metrics)));
}
