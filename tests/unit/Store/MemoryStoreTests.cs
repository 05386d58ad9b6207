using Mesh.Store;

namespace Mesh.Tests.Unit.Store;

public sealed class MemoryStoreTests : StoreTests
{
    protected override StoreHandle Open(StoreLimits limits) => StoreHandle.OpenMemory(new FixedTime(), new Random(1), limits);
}
