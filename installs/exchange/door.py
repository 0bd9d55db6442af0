from linnapp.calls import Call, Reply


class Door:
    def endpoint(self, path): return time_endpoint if path.lower() == "/api/auth/getserverutctime" else None
    def refused(self, status, sentence, path): return None
    def most_body(self, path): return 16<<20
    async def close(self): pass
async def time_endpoint(call): return Reply(200, b'"2026"')
