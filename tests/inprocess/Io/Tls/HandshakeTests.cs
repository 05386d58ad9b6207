using System.Text;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Kit.Certificates;
using Mesh.Kit.Connections;

namespace Mesh.Tests.InProcess.Io.Tls;

public sealed class HandshakeTests
{
    private readonly TlsPair pair = new();

    [Fact]
    public void Two_workloads_of_one_authority_learn_each_others_identity() => pair.Run((client, server) =>
    {
        Assert.Equal(TlsPair.ServerUri, client.PeerUri);
        Assert.Equal(new SpiffeId("cluster.local", "shop", "web"), server.PeerIdentity);
        Assert.Equal(("h2", "h2"), (client.Alpn, server.Alpn));
        return Task.CompletedTask;
    });

    [Fact]
    public void Server_prefers_its_own_first_protocol()
    {
        pair.ClientAlpn = ["h2", "mesh-direct/1"];
        pair.ServerAlpn = ["mesh-direct/1", "h2"];
        pair.Run((client, server) =>
        {
            Assert.Equal(("mesh-direct/1", "mesh-direct/1"), (client.Alpn, server.Alpn));
            return Task.CompletedTask;
        });
    }

    [Fact]
    public void Client_of_another_authority_is_refused_and_told()
    {
        using var other = new TestAuthority("another");
        var stranger = other.Issue(TlsPair.ClientUri);
        pair.ClientContext = OpenSslContext.Create([stranger.Der], stranger.Pkcs8, [pair.Authority.RootDer]);
        var (server, client) = pair.RunRefusedByServer();
        AssertTls(server, "unknown authority");
        AssertTls(client, "does not know the authority of our certificate");
    }

    [Fact]
    public void Server_of_another_authority_is_refused_and_told()
    {
        using var other = new TestAuthority("another");
        pair.ServerContext = other.Context(TlsPair.ServerUri);
        pair.Loop.Run(async () =>
        {
            var accepting = pair.AcceptAsync();
            var client = await Assert.ThrowsAsync<ConnectionBrokenException>(pair.ConnectAsync);
            var server = await Assert.ThrowsAsync<ConnectionBrokenException>(() => accepting);
            AssertTls(client, "unknown authority");
            AssertTls(server, "does not know the authority of our certificate");
            Assert.True(pair.ClientSide.IsDisposed && pair.ServerSide.IsDisposed);
        });
    }

    [Fact]
    public void Expired_client_certificate_is_refused_and_told()
    {
        var now = pair.Loop.Time.GetUtcNow();
        pair.ClientContext = pair.Authority.Context(pair.Authority.Issue(uris: [TlsPair.ClientUri], notAfter: now.AddSeconds(-1)));
        var (server, client) = pair.RunRefusedByServer();
        AssertTls(server, "has expired");
        AssertTls(client, "our certificate has expired");
    }

    [Fact]
    public void Certificate_is_good_in_its_last_second_by_the_loops_clock()
    {
        var now = pair.Loop.Time.GetUtcNow();
        pair.ClientContext = pair.Authority.Context(pair.Authority.Issue(uris: [TlsPair.ClientUri], notAfter: now.AddSeconds(1)));
        pair.Run((_, server) =>
        {
            Assert.Equal(TlsPair.ClientUri, server.PeerUri);
            return Task.CompletedTask;
        });
    }

    [Fact]
    public void Certificate_of_the_future_is_refused()
    {
        var now = pair.Loop.Time.GetUtcNow();
        pair.ClientContext = pair.Authority.Context(pair.Authority.Issue(uris: [TlsPair.ClientUri], notBefore: now.AddSeconds(60)));
        AssertTls(pair.RunRefusedByServer().Server, "not valid yet");
    }

    [Fact]
    public void Server_only_certificate_is_refused_as_client()
    {
        pair.ClientContext = pair.Authority.Context(pair.Authority.Issue(uris: [TlsPair.ClientUri], usages: ["1.3.6.1.5.5.7.3.1"]));
        AssertTls(pair.RunRefusedByServer().Server, "not meant for this role");
    }

    [Fact]
    public void Client_without_certificate_is_refused_and_told()
    {
        pair.ServerContext = pair.Authority.Context(pair.Authority.Issue(names: ["controller.mesh"]));
        pair.ClientContext = OpenSslContext.ForServerName("controller.mesh", [pair.Authority.RootDer]);
        var (server, client) = pair.RunRefusedByServer();
        AssertTls(server, "presented no certificate");
        AssertTls(client, "demands a certificate and we have none");
    }

    [Theory]
    [InlineData("controller.mesh", "controller.mesh")]
    [InlineData("10.0.0.1", "10.0.0.1")]
    [InlineData("fd00::1", "fd00::1")]
    public void Server_with_the_expected_name_is_accepted(string wanted, string certified)
    {
        pair.ServerContext = pair.Authority.Context(pair.Authority.Issue(names: [certified]));
        var leaf = pair.Authority.Issue(TlsPair.ClientUri);
        pair.ClientContext = OpenSslContext.ForServerName(wanted, [pair.Authority.RootDer], [leaf.Der], leaf.Pkcs8);
        pair.Run((client, server) =>
        {
            Assert.Equal(TlsPair.ClientUri, server.PeerUri);
            Assert.Null(client.PeerUri);
            return Task.CompletedTask;
        });
    }

    [Theory]
    [InlineData("controller.mesh", "other.mesh")]
    [InlineData("10.0.0.1", "10.0.0.2")]
    public void Server_with_another_name_is_refused(string wanted, string certified)
    {
        pair.ServerContext = pair.Authority.Context(pair.Authority.Issue(names: [certified]));
        pair.ClientContext = OpenSslContext.ForServerName(wanted, [pair.Authority.RootDer]);
        pair.Loop.Run(async () =>
        {
            var accepting = pair.AcceptAsync();
            AssertTls(await Assert.ThrowsAsync<ConnectionBrokenException>(pair.ConnectAsync), "is for another name");
            await Assert.ThrowsAsync<ConnectionBrokenException>(() => accepting);
        });
    }

    [Fact]
    public void No_common_protocol_is_refused_and_told()
    {
        pair.ServerAlpn = ["mesh-direct/1"];
        pair.Loop.Run(async () =>
        {
            var connecting = pair.ConnectAsync();
            AssertTls(await Assert.ThrowsAsync<ConnectionBrokenException>(pair.AcceptAsync), "offers no protocol (ALPN)");
            AssertTls(await Assert.ThrowsAsync<ConnectionBrokenException>(() => connecting), "none of the protocols (ALPN) that we offer");
        });
    }

    [Fact]
    public void Client_that_offers_no_protocol_is_refused()
    {
        pair.ClientAlpn = [];
        pair.Loop.Run(async () =>
        {
            var connecting = pair.ConnectAsync();
            AssertTls(await Assert.ThrowsAsync<ConnectionBrokenException>(pair.AcceptAsync), "offers no protocol (ALPN)");
            AssertTls(await Assert.ThrowsAsync<ConnectionBrokenException>(() => connecting), "none of the protocols (ALPN) that we offer");
        });
    }

    [Fact]
    public void Certificate_with_two_uris_has_no_identity()
    {
        pair.ClientContext = pair.Authority.Context(pair.Authority.Issue(uris: [TlsPair.ClientUri, TlsPair.ServerUri]));
        pair.Run((_, server) =>
        {
            Assert.Null(server.PeerUri);
            Assert.Null(server.PeerIdentity);
            return Task.CompletedTask;
        });
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n")]
    [InlineData("\u0016\u0003\u0001\u0002\u0000garbage in a handshake record")]
    public void Bytes_that_are_not_tls_fail_the_handshake(string bytes) => pair.Loop.Run(async () =>
    {
        await pair.ClientSide.Output.WriteAsync(Encoding.Latin1.GetBytes(bytes));
        await pair.ClientSide.Output.CompleteAsync();
        var error = await Assert.ThrowsAsync<ConnectionBrokenException>(pair.AcceptAsync);
        Assert.Equal(BreakKind.Tls, error.Kind);
        Assert.True(pair.ServerSide.IsDisposed);
    });

    [Fact]
    public void Silent_peer_fails_the_handshake_at_the_timeout_and_not_before() => pair.Loop.Run(async () =>
    {
        var accepting = pair.AcceptAsync();
        var loop = pair.Loop;
        await Ticks(TlsPair.Timeout - TimeSpan.FromMilliseconds(20));
        Assert.False(accepting.IsCompleted);
        AssertTls(await Assert.ThrowsAsync<ConnectionBrokenException>(() => accepting), "not done within 10 s");
        Assert.Equal(0, loop.Timers.ArmedCount);

        Task Ticks(TimeSpan after)
        {
            var done = new TaskCompletionSource();
            new LoopTimer(loop.Timers, _ => done.SetResult(), null).Arm(after);
            return done.Task;
        }
    });

    [Fact]
    public void Peer_that_leaves_in_the_middle_fails_the_handshake() => pair.Loop.Run(async () =>
    {
        var accepting = pair.AcceptAsync();
        await pair.ClientSide.Output.CompleteAsync();
        AssertTls(await Assert.ThrowsAsync<ConnectionBrokenException>(() => accepting), "closed the connection in the middle");
    });

    [Fact]
    public void Damaged_client_hello_fails_the_handshake_and_nothing_else() => pair.Loop.Run(async () =>
    {
        byte[] hello = await CaptureHelloAsync();
        var random = new Random(11);
        for (int i = 0; i < 500; i++)
        {
            byte[] damaged = [.. hello];
            for (int flips = random.Next(1, 5); flips > 0; flips--) damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            var (client, server) = MemoryConnection.Pair(pair.Loop);
            await client.Output.WriteAsync(damaged.AsMemory(0, random.Next(1, damaged.Length + 1)));
            await client.Output.CompleteAsync();
            var error = await Assert.ThrowsAsync<ConnectionBrokenException>(() => pair.ServerContext.AcceptAsync(server, ["h2"], TlsPair.Timeout).AsTask());
            Assert.Equal(BreakKind.Tls, error.Kind);
        }
        Assert.Equal((0, 0), (pair.Loop.Buffers.Outstanding, pair.Loop.Timers.ArmedCount));

        async Task<byte[]> CaptureHelloAsync()
        {
            var connecting = pair.ConnectAsync();
            var result = await pair.ServerSide.Input.ReadAsync();
            byte[] bytes = System.Buffers.BuffersExtensions.ToArray(result.Buffer);
            pair.ServerSide.Input.AdvanceTo(result.Buffer.End);
            pair.ServerSide.Abort();
            await Assert.ThrowsAsync<ConnectionBrokenException>(() => connecting);
            return bytes;
        }
    });

    [Fact]
    public void Chain_over_an_intermediate_is_accepted()
    {
        using var intermediate = pair.Authority.Intermediate();
        pair.ClientContext = intermediate.Context(TlsPair.ClientUri);
        pair.Run((_, server) =>
        {
            Assert.Equal(TlsPair.ClientUri, server.PeerUri);
            return Task.CompletedTask;
        });
    }

    [Fact]
    public void Leaf_without_its_intermediate_is_refused()
    {
        using var intermediate = pair.Authority.Intermediate();
        var leaf = intermediate.Issue(TlsPair.ClientUri);
        pair.ClientContext = OpenSslContext.Create([leaf.Der], leaf.Pkcs8, [pair.Authority.RootDer]);
        AssertTls(pair.RunRefusedByServer().Server, "unknown authority");
    }

    [Fact]
    public void Workload_certificate_cannot_sign_others()
    {
        var middle = pair.Authority.Issue(TlsPair.ServerUri);
        using var forger = new TestAuthority("forger");
        var forged = forger.Issue(TlsPair.ClientUri);
        pair.ClientContext = OpenSslContext.Create([forged.Der, middle.Der], forged.Pkcs8, [pair.Authority.RootDer]);
        AssertTls(pair.RunRefusedByServer().Server, "unknown authority");
    }

    [Fact]
    public void Refused_handshake_leaves_no_buffer_and_no_timer()
    {
        using var other = new TestAuthority("another");
        var stranger = other.Issue(TlsPair.ClientUri);
        pair.ClientContext = OpenSslContext.Create([stranger.Der], stranger.Pkcs8, [pair.Authority.RootDer]);
        pair.RunRefusedByServer();
        Assert.Equal((0, 0), (pair.Loop.Buffers.Outstanding, pair.Loop.Timers.ArmedCount));
    }

    [Fact]
    public void Context_from_bad_material_says_what_is_bad()
    {
        var leaf = pair.Authority.Issue(TlsPair.ClientUri);
        var other = pair.Authority.Issue(TlsPair.ServerUri);
        byte[] root = pair.Authority.RootDer;
        AssertRefused("read the certificate", () => OpenSslContext.Create([leaf.Der.AsMemory(0, 100)], leaf.Pkcs8, [root]));
        AssertRefused("read a trust root", () => OpenSslContext.Create([leaf.Der], leaf.Pkcs8, [new byte[] { 1, 2, 3 }]));
        AssertRefused("read the private key", () => OpenSslContext.Create([leaf.Der], [1, 2, 3], [root]));
        AssertRefused("private key", () => OpenSslContext.Create([leaf.Der], other.Pkcs8, [root]));
        Assert.Throws<ArgumentException>(() => OpenSslContext.Create([leaf.Der], leaf.Pkcs8, []));
        Assert.Throws<ArgumentException>(() => OpenSslContext.Create([], leaf.Pkcs8, [root]));

        static void AssertRefused(string words, Action make) =>
            Assert.Contains(words, Assert.Throws<System.Security.Cryptography.CryptographicException>(make).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Disposing_the_context_leaves_its_sessions_alive() => pair.Run(async (client, server) =>
    {
        pair.ClientContext.Dispose();
        pair.ServerContext.Dispose();
        await client.SendAsync("still here");
        Assert.Equal("still here", await server.ReceiveAsync(10));
    });

    private static void AssertTls(ConnectionBrokenException error, string words)
    {
        Assert.Equal(BreakKind.Tls, error.Kind);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }
}
