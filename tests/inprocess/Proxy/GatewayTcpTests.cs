using Mesh.Io;
using Mesh.Kit.Proxy;
using Mesh.Telemetry.Traffic;

namespace Mesh.Tests.InProcess.Proxy;

public sealed class GatewayTcpTests
{
    [Fact]
    public async Task Connection_that_nobody_takes_is_reset_and_recorded()
    {
        await using var gateway = new TestGateway();
        gateway.StartTcp(gateway.DeadAddress());
        await gateway.RunAsync(async () =>
        {
            // The reset (ECONNRESET, 104) may come before the connect call has returned.
            var broken = await Assert.ThrowsAsync<ConnectionBrokenException>(async () => await (await gateway.ConnectAsync()).ReadToEndAsync());
            Assert.Equal(104, broken.Errno);
            Assert.Equal(ResponseFlag.UF, (await gateway.RecordAsync()).Flag);
        });
    }
}
